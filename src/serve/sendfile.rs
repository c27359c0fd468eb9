//! Bytes as a file that the system sends by itself: `sendfile(2)` spares the copy of a document from the program's
//! memory into the socket, which for a feed of 60 KB is a third of all work. Linux only; elsewhere there is no file, and
//! bytes are written.

#[cfg(target_os = "linux")]
pub(super) use linux::File;
#[cfg(not(target_os = "linux"))]
pub(super) use other::File;

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        io::{self, Write},
        os::fd::AsFd,
    };

    use rustix::fs::{MemfdFlags, memfd_create, sendfile};

    /// What is shorter is copied faster than two calls are made.
    const SHORTEST: usize = 16 << 10;

    /// A file without a name, in memory.
    pub(in crate::serve) struct File(std::fs::File);

    impl File {
        /// A file of these bytes, if it pays and the system gives one.
        pub(in crate::serve) fn of(bytes: &[u8]) -> Option<Self> {
            if bytes.len() < SHORTEST {
                return None;
            }
            let fd = memfd_create("schoolbell feed", MemfdFlags::CLOEXEC).ok()?;
            let mut file = std::fs::File::from(fd);
            file.write_all(bytes).ok()?;
            Some(Self(file))
        }

        /// Sends what the socket takes of the bytes from `offset` on, and moves that.
        ///
        /// # Errors
        /// As `sendfile(2)`; `WouldBlock` where the socket takes nothing now.
        pub(in crate::serve) fn send(
            &self,
            socket: impl AsFd,
            offset: &mut u64,
            count: usize,
        ) -> io::Result<usize> {
            Ok(sendfile(socket, &self.0, Some(offset), count)?)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// No file.
    pub(in crate::serve) enum File {}

    impl File {
        pub(in crate::serve) fn of(_: &[u8]) -> Option<Self> {
            None
        }

        pub(in crate::serve) fn send<S>(
            &self,
            _: S,
            _: &mut u64,
            _: usize,
        ) -> std::io::Result<usize> {
            match *self {}
        }
    }
}
