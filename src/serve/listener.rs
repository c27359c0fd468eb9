//! The socket that is listened on: TCP, a Unix socket, or what systemd hands over.

use std::{
    io::{Error, ErrorKind},
    net::SocketAddr,
};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::config::Listen;

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix {
        /// The socket.
        listener: UnixListener,
        /// Whether its file is ours, to be removed in the end.
        ours: bool,
    },
}

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has it.
    #[error("{0} is in use by another program; stop that, or set another [server] listen")]
    InUse(String),
    /// The system refuses.
    #[error("cannot listen on {address}; set another [server] listen")]
    Refused {
        /// The address.
        address: String,
        /// Why.
        source: Error,
    },
    /// `listen = "systemd"`, and nothing was handed over.
    #[error(
        "systemd handed over no socket; start schoolbell by its socket unit (deploy/schoolbell.socket), or set another \
         [server] listen"
    )]
    NotActivated,
}

impl Listener {
    /// Binds what the configuration names.
    ///
    /// # Errors
    /// The address is in use, or the system refuses it; systemd handed over no socket.
    pub async fn bind(listen: &Listen) -> Result<Self, BindError> {
        let (bound, address) = match listen {
            Listen::Tcp(address) => (
                TcpListener::bind(address).await.map(Self::Tcp),
                address.to_string(),
            ),
            Listen::Unix(path) => (bind_unix(path), format!("unix:{}", path.display())),
            Listen::Systemd => {
                let taken = take_over().transpose().ok_or(BindError::NotActivated)?;
                (taken, "the socket that systemd handed over".to_owned())
            }
        };
        bound.map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => BindError::InUse(address),
            _ => BindError::Refused { address, source },
        })
    }

    /// Where it listens, for people.
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(
                |_| "a closed socket".to_owned(),
                |address: SocketAddr| address.to_string(),
            ),
            #[cfg(unix)]
            Self::Unix { listener, .. } => match listener.local_addr() {
                Ok(address) => address.as_pathname().map_or_else(
                    || "unix".to_owned(),
                    |path| format!("unix:{}", path.display()),
                ),
                Err(_) => "a closed socket".to_owned(),
            },
        }
    }
}

/// A socket file that nobody answers on is left over from a killed daemon, and makes way.
#[cfg(unix)]
fn bind_unix(path: &std::path::Path) -> std::io::Result<Listener> {
    use std::os::unix::{fs::FileTypeExt, net::UnixStream};
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            let why = "something that is no socket lies there";
            return Err(Error::new(ErrorKind::AlreadyExists, why));
        }
        if UnixStream::connect(path)
            .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(path)?;
        }
    }
    let listener = UnixListener::bind(path)?;
    Ok(Listener::Unix {
        listener,
        ours: true,
    })
}

/// The first socket that was handed over (`sd_listen_fds(3)`), if one was.
#[cfg(unix)]
fn take_over() -> std::io::Result<Option<Listener>> {
    let mut handed = listenfd::ListenFd::from_env();
    if handed.len() == 0 {
        return Ok(None);
    }
    if let Ok(Some(listener)) = handed.take_tcp_listener(0) {
        listener.set_nonblocking(true)?;
        return TcpListener::from_std(listener).map(|tcp| Some(Listener::Tcp(tcp)));
    }
    match handed.take_unix_listener(0)? {
        Some(listener) => {
            listener.set_nonblocking(true)?;
            let listener = UnixListener::from_std(listener)?;
            Ok(Some(Listener::Unix {
                listener,
                ours: false,
            }))
        }
        None => Ok(None),
    }
}

#[cfg(not(unix))]
fn bind_unix(_: &std::path::Path) -> std::io::Result<Listener> {
    let why = "this system has no Unix sockets";
    Err(Error::new(ErrorKind::Unsupported, why))
}

#[cfg(not(unix))]
fn take_over() -> std::io::Result<Option<Listener>> {
    Ok(None)
}
