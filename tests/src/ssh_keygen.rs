//! OpenSSH as the judge of our signatures.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Asks OpenSSH whether a signature is good: `Ok` with its words, `Err` with its complaint.
///
/// # Errors
/// If ssh-keygen says no, or can't be run.
pub fn ssh_keygen_verify(
    folder: &Path,
    allowed_signers: &str,
    principal: &str,
    namespace: &str,
    signature: &str,
    message: &[u8],
) -> Result<String, String> {
    let list = folder.join("allowed_signers_to_check");
    let file = folder.join("signature_to_check");
    std::fs::write(&list, allowed_signers).map_err(|e| e.to_string())?;
    std::fs::write(&file, signature).map_err(|e| e.to_string())?;
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", namespace, "-I", principal, "-f"])
        .arg(&list)
        .arg("-s")
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    child.stdin.take().ok_or("no stdin")?.write_all(message).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
