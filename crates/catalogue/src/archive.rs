//! A bundle in one file: a plain tar archive of `keyferry/ID/…` as it lies in a store, the manifest first. The same
//! bundle always gives the same bytes.

use std::io;

use bytes::Bytes;
use keyferry_core::manifest::{Manifest, SealedManifest};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Sha256, canonical};

use crate::store::LONGEST_SIGNATURE;
use crate::{Catalogue, CatalogueError, Listed, OpenedBundle, bundle};

/// Longest archive that is written or read. Files of the service have a few KiB per key.
pub const LONGEST_ARCHIVE: u64 = 1 << 30;
/// An archive ends with two blocks of zeros, or with more.
const END: usize = 1024;
/// Entries are padded to blocks.
const BLOCK: usize = 512;

/// Why a file is not an archive of a bundle.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The tar format.
    #[error("it is no tar archive, or is cut off")]
    Form(#[source] io::Error),
    /// An entry that does not belong there: every name has its place.
    #[error("it holds {found} where {expected} belongs")]
    Entry {
        /// What was found, as shown.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A link, a folder, a device.
    #[error("its entry {0} is not a plain file")]
    Kind(String),
    /// More bytes than there can be.
    #[error("its entry {name} has {found} bytes, {expected}")]
    Size {
        /// The entry.
        name: String,
        /// As its header says.
        found: u64,
        /// What was expected, in words.
        expected: String,
    },
    /// Bytes that are not the signed ones.
    #[error("its entry {0} holds other bytes than the manifest says")]
    Differs(String),
    /// Something after the last file.
    #[error("something follows its last file, or its end is cut off")]
    End,
    /// Larger than is held in memory.
    #[error("a bundle of {0} bytes is too large for an archive")]
    TooLarge(u64),
}

/// A bundle as found in an archive: signed by somebody who is allowed to, its files as signed.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The manifest.
    pub opened: OpenedBundle,
    files: Vec<Bytes>,
}

/// Reads a bundle from a store and makes the archive of it.
///
/// # Errors
/// If a file is missing or is not as signed.
pub async fn export(from: &Catalogue, opened: &OpenedBundle) -> Result<Vec<u8>, CatalogueError> {
    let manifest = &opened.manifest;
    if manifest.size() > LONGEST_ARCHIVE - (64 << 20) {
        return Err(ArchiveError::TooLarge(manifest.size()).into());
    }
    let mut files = Vec::new();
    for file in manifest.files() {
        files.push(from.signed_file(&manifest.backup_id, file).await?);
    }
    Ok(write(manifest, &opened.sealed, &files)?)
}

fn write(manifest: &Manifest, sealed: &SealedManifest, files: &[Bytes]) -> Result<Vec<u8>, ArchiveError> {
    let id = &manifest.backup_id;
    let mut builder = tar::Builder::new(Vec::new());
    let mut append = |name: String, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(u64::try_from(manifest.made_at.as_second()).unwrap_or_default());
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes).map_err(ArchiveError::Form)
    };
    append(bundle::manifest(id), &sealed.bytes)?;
    append(bundle::signature(id), sealed.signature.as_bytes())?;
    for (file, bytes) in manifest.files().zip(files) {
        append(bundle::file(id, &file.name), bytes)?;
    }
    builder.into_inner().map_err(ArchiveError::Form)
}

impl Archive {
    /// Reads an archive. Nothing in it is believed before the signature was checked, and only what the signed
    /// manifest names may be in it, in the order in which it is named.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn open(bytes: &Bytes, allowed: &AllowedSigners) -> Result<Self, CatalogueError> {
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut entries = Entries { all: archive.entries().map_err(ArchiveError::Form)?, bytes, end: 0 };
        let (name, manifest) = entries.next("a manifest", |name| bundle::backup_of(name).is_some())?;
        let id = bundle::backup_of(&name).unwrap_or_default().to_owned();
        let manifest = bounded(&name, manifest, canonical::LONGEST)?;
        let name = bundle::signature(&id);
        let (_, signature) = entries.next(&name, |found| found == name)?;
        let signature = bounded(&name, signature, LONGEST_SIGNATURE)?;
        let signature = String::from_utf8_lossy(&signature).into_owned();
        let sealed = SealedManifest { bytes: manifest.to_vec(), signature };
        let opened = OpenedBundle::open(&Listed::read(&id, sealed)?, allowed)?;
        let mut files = Vec::new();
        for file in opened.manifest.files() {
            let name = bundle::file(&id, &file.name);
            let (_, bytes) = entries.next(&name, |found| found == name)?;
            if bytes.len() as u64 != file.size || Sha256::of(&bytes) != file.sha256 {
                return Err(ArchiveError::Differs(name).into());
            }
            files.push(bytes);
        }
        entries.finish()?;
        Ok(Self { opened, files })
    }

    /// Writes the bundle into a store, listed only when it is whole, and reads everything back.
    ///
    /// # Errors
    /// If the store refuses, or holds other bytes afterwards.
    pub async fn store(&self, to: &Catalogue) -> Result<(), CatalogueError> {
        let id = &self.opened.manifest.backup_id;
        for (file, bytes) in self.opened.manifest.files().zip(&self.files) {
            to.put(&bundle::file(id, &file.name), bytes.clone()).await?;
        }
        to.publish(id, &self.opened.sealed).await
    }
}

fn bounded(name: &str, bytes: Bytes, most: usize) -> Result<Bytes, ArchiveError> {
    if bytes.len() <= most {
        return Ok(bytes);
    }
    let expected = format!("which is more than {most}");
    Err(ArchiveError::Size { name: name.to_owned(), found: bytes.len() as u64, expected })
}

struct Entries<'a> {
    all: tar::Entries<'a, &'a [u8]>,
    bytes: &'a Bytes,
    /// Where the last entry ended.
    end: usize,
}

impl Entries<'_> {
    fn next(&mut self, expected: &str, fits: impl Fn(&str) -> bool) -> Result<(String, Bytes), ArchiveError> {
        let wrong = |found: String| ArchiveError::Entry { found, expected: expected.to_owned() };
        let entry = match self.all.next() {
            Some(entry) => entry.map_err(ArchiveError::Form)?,
            None => return Err(wrong("nothing".to_owned())),
        };
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let shown = || name.chars().take(120).collect::<String>().escape_debug().to_string();
        if !entry.header().entry_type().is_file() {
            return Err(ArchiveError::Kind(shown()));
        }
        if !fits(&name) {
            return Err(wrong(shown()));
        }
        let (start, size) = (entry.raw_file_position(), entry.size());
        let range = || {
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(usize::try_from(size).ok()?)?;
            (end <= self.bytes.len()).then_some(start..end)
        };
        let Some(range) = range() else {
            let expected = "and the archive has not so many".to_owned();
            return Err(ArchiveError::Size { name: shown(), found: size, expected });
        };
        self.end = range.end;
        Ok((name, self.bytes.slice(range)))
    }

    /// Nothing but zeros may follow.
    fn finish(&mut self) -> Result<(), ArchiveError> {
        if self.all.next().is_some() {
            return Err(ArchiveError::End);
        }
        let rest = self.bytes.get(self.end.next_multiple_of(BLOCK)..).unwrap_or_default();
        if rest.len() >= END && rest.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(ArchiveError::End) }
    }
}

#[cfg(test)]
mod tests;
