//! Room on the disk: what is left, and what the store keeps free.
//!
//! sled that has once met a full disk takes no other write until it is opened anew, and a journal that fills the last
//! block leaves nothing to shorten it with. So the store stops taking new things while there still is a little room,
//! and uses that to finish what was begun, and for retention.

use std::{io, path::Path};

use super::StoreError;

/// How many bytes the disk of a folder has left.
pub(super) type Left = fn(&Path) -> io::Result<u64>;

/// What stays free.
pub(super) const RESERVE_BYTES: u64 = 64 << 20;

/// How many bytes an unprivileged process may still write to the disk of a folder.
#[cfg(unix)]
pub(super) fn left(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Not asked for here: the disk says it when it is full.
#[cfg(not(unix))]
pub(super) fn left(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

/// Whether `wanted_bytes` can be written and the reserve stays.
pub(super) fn check(
    path: &Path,
    room: fn(&Path) -> io::Result<u64>,
    wanted_bytes: u64,
) -> Result<(), StoreError> {
    match room(path) {
        Ok(left) if left < RESERVE_BYTES.saturating_add(wanted_bytes) => Err(StoreError::Full {
            path: path.to_owned(),
            source: None,
        }),
        // a disk that does not tell what is left says it when it is full
        _ => Ok(()),
    }
}
