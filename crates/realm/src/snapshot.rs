//! A saved state: the whole world in one piece, which says itself whether it is whole.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::store::{Header, StoreError};
use crate::table::RowError;
use crate::world::World;

const MAGIC: &[u8] = b"keyferry embedded realm state\n";

/// Behind the magic and the digest of this.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    header: Header,
    /// Table, key, row.
    rows: Vec<(String, Bytes, Bytes)>,
}

/// The bytes of a saved state.
pub(crate) fn write(header: Header, world: &mut World) -> Result<Vec<u8>, StoreError> {
    let mut rows = Vec::new();
    for (name, table) in world.tables() {
        for row in table.all() {
            let (key, row) = row?;
            rows.extend(row.map(|row| (name.to_owned(), key.into(), row.into())));
        }
    }
    let content = rmp_serde::to_vec_named(&Snapshot { header, rows }).map_err(RowError::from)?;
    Ok([MAGIC, digest(&SHA256, &content).as_ref(), &content].concat())
}

/// What [`write`] wrote.
pub(crate) fn read(bytes: &[u8]) -> Result<(Header, World), StoreError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(StoreError::Damaged)?;
    let (sum, content) = rest.split_at_checked(SHA256_OUTPUT_LEN).ok_or(StoreError::Damaged)?;
    if digest(&SHA256, content).as_ref() != sum {
        return Err(StoreError::Damaged);
    }
    let Snapshot { header, rows } = rmp_serde::from_slice(content).map_err(RowError::from)?;
    let mut world = World::default();
    let mut rows = rows.into_iter().peekable();
    for (name, table) in world.tables() {
        while let Some((_, key, row)) = rows.next_if(|(of, ..)| of == name) {
            table.restore(&key, &row)?;
        }
    }
    world.resume();
    // Rows of a table that this version does not have.
    if rows.next().is_some() { Err(StoreError::Damaged) } else { Ok((header, world)) }
}
