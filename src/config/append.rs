//! `[[source]]` blocks added to a file that people keep by hand: what stands there stays as it is.

use std::{fs, io::Write as _, path::Path};

use super::{Config, ConfigError, include};

/// Why blocks were not added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The file with the blocks would have mistakes.
    #[error(transparent)]
    Mistakes(#[from] ConfigError),
    /// The file cannot be read or written.
    #[error("cannot write `{path}`")]
    Unwritable {
        /// The file.
        path: String,
        /// What the file system says.
        #[source]
        cause: std::io::Error,
    },
}

/// Adds blocks at the end of a configuration's main file. TOML lets blocks follow whatever stands before, so comments
/// and order stay, and the file is replaced as a whole or not at all.
///
/// # Errors
/// See [`AppendError`]; the file is then as it was.
pub fn append(path: &Path, blocks: &str) -> Result<(), AppendError> {
    let unwritable = |cause| AppendError::Unwritable {
        path: path.display().to_string(),
        cause,
    };
    let old = include::read(path).map_err(unwritable)?;
    let old = String::from_utf8_lossy(&old);
    // files saved on Windows go on as they are
    let line_end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let blocks = blocks.trim_end().replace('\n', line_end);
    let mut new = old.trim_end().to_owned();
    if !new.is_empty() {
        new.push_str(line_end);
        new.push_str(line_end);
    }
    new.push_str(&blocks);
    new.push_str(line_end);
    Config::read(path, new.as_bytes())?;
    // a link stays one: what it leads to is replaced
    let real = fs::canonicalize(path).map_err(unwritable)?;
    replace(&real, new.as_bytes()).map_err(unwritable)
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = (|| {
        let mut file = fs::File::create(&beside)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        // it may never have been made
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        let old = "# mine\nlang = \"en\"   # yes\n\n[[source]]\nurl = \"http://a.example/\"\n[source.list]\nitem = \"li\"\n\n\n";
        fs::write(&path, old).unwrap();
        append(&path, "[[source]]\nurl = \"http://b.example/\"\n").unwrap();
        let expected = format!(
            "{}\n\n[[source]]\nurl = \"http://b.example/\"\n",
            old.trim_end()
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_would_have_mistakes_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        for (old, new) in [
            (
                "[[source]]\nurl = \"http://a.example/\"\n",
                "[[source]]\nurl = \"http://a.example/\"\n",
            ),
            ("source = []\n", "[[source]]\nurl = \"http://a.example/\"\n"),
        ] {
            fs::write(&path, old).unwrap();
            assert!(matches!(append(&path, new), Err(AppendError::Mistakes(_))));
            assert_eq!(fs::read_to_string(&path).unwrap(), old);
        }
    }
}
