//! `[[source]]` blocks added to a file that people keep by hand: what stands there stays as it is.
//!
//! In: a file, and blocks. Out: the file with the blocks at its end, replaced as a whole or not at all, and only by one
//! that the configuration's reader takes.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use toml_edit::{Array, Document, DocumentMut, Item, Table, Value};
use url::Url;

use super::{Config, ConfigError, include};
use crate::{
    page::links,
    source::{Source, SourceId, block::Block},
};

/// Why blocks were not added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The file has mistakes, or would have.
    #[error(transparent)]
    Mistakes(#[from] ConfigError),
    /// What a block names is there already.
    #[error("{0}")]
    Known(AlreadyThere),
    /// The file cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: String,
        /// What the file system says.
        #[source]
        cause: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write `{path}`")]
    Unwritable {
        /// The file.
        path: String,
        /// What the file system says.
        #[source]
        cause: io::Error,
    },
    /// `source` is something else than blocks.
    #[error("cannot add to `{path}`: `source` there is no list of blocks")]
    NoBlocks {
        /// The file.
        path: String,
    },
}

/// A source that a file has, where a block for it was to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlreadyThere {
    /// What was to be added.
    pub asked: SourceId,
    /// What is there.
    pub source: SourceId,
    /// Where: the file, and the line if the block stands in this file itself.
    pub place: String,
}

impl fmt::Display for AlreadyThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            source,
            place,
        } = self;
        write!(
            f,
            "`{asked}` is there already, as the source `{source}` in {place}"
        )
    }
}

/// A configuration's file, read and without mistakes, to add blocks to.
#[derive(Debug)]
pub struct Editable {
    path: PathBuf,
    text: String,
    is_new: bool,
    sources: Vec<Arc<Source>>,
}

impl Editable {
    /// Reads a file that is there.
    ///
    /// # Errors
    /// It cannot be read, has mistakes, or nobody may write to it.
    pub fn open(path: &Path) -> Result<Self, AppendError> {
        let bytes = include::read(path).map_err(|cause| AppendError::Unreadable {
            path: path.display().to_string(),
            cause,
        })?;
        let config = Config::read(path, &bytes).0?;
        if fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
            return Err(unwritable(path, io::ErrorKind::PermissionDenied.into()));
        }
        Ok(Self {
            path: path.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            is_new: false,
            sources: config.sources,
        })
    }

    /// Reads a file, or begins one where none is.
    ///
    /// # Errors
    /// As [`Editable::open`], and where its folder is missing.
    pub fn open_or_new(path: &Path) -> Result<Self, AppendError> {
        match Self::open(path) {
            Err(AppendError::Unreadable { cause, .. })
                if cause.kind() == io::ErrorKind::NotFound =>
            {
                let folder = path.parent().filter(|folder| *folder != Path::new(""));
                if folder.is_some_and(|folder| !folder.is_dir()) {
                    return Err(unwritable(path, cause));
                }
                Ok(Self {
                    path: path.to_owned(),
                    text: String::new(),
                    is_new: true,
                    sources: Vec::new(),
                })
            }
            other => other,
        }
    }

    /// The ids that are taken.
    pub fn ids(&self) -> impl Iterator<Item = &SourceId> {
        self.sources
            .iter()
            .flat_map(|source| std::iter::once(&source.id).chain(&source.aliases))
    }

    /// The source that has a block's address or id, if one has.
    pub fn already(&self, block: &Block) -> Option<AlreadyThere> {
        let address = links::identity(&block.url);
        let same = |source: &&Arc<Source>| {
            source.id == block.id || links::identity(&source.url) == address
        };
        let source = self.sources.iter().find(same)?;
        let file = self.path.display();
        let place = match line_of(&self.text, source) {
            Some(line) => format!("{file}, line {line}"),
            None => format!("what {file} includes"),
        };
        Some(AlreadyThere {
            asked: block.id.clone(),
            source: source.id.clone(),
            place,
        })
    }

    /// Adds blocks at the end of the file.
    ///
    /// # Errors
    /// See [`AppendError`]; the file is then as it was.
    pub fn add(&self, blocks: &[Block]) -> Result<(), AppendError> {
        if let Some(known) = blocks.iter().find_map(|block| self.already(block)) {
            return Err(AppendError::Known(known));
        }
        let new = self.with(blocks).ok_or_else(|| AppendError::NoBlocks {
            path: self.path.display().to_string(),
        })?;
        Config::read(&self.path, new.as_bytes()).0?;
        let written = if self.is_new {
            replace(&self.path, new.as_bytes())
        } else {
            // a link stays one: what it leads to is replaced
            fs::canonicalize(&self.path).and_then(|real| replace(&real, new.as_bytes()))
        };
        written.map_err(|cause| unwritable(&self.path, cause))
    }

    /// The file's text with the blocks behind all that stands there. None where it has something else as `source`.
    fn with(&self, blocks: &[Block]) -> Option<String> {
        let (mark, text) = match self.text.strip_prefix('\u{feff}') {
            Some(text) => ("\u{feff}", text),
            None => ("", self.text.as_str()),
        };
        let mut document: DocumentMut = text.parse().ok()?;
        let new = match document.get_mut("source") {
            None | Some(Item::ArrayOfTables(_)) => below(text, blocks),
            // `source = [{ url = "…" }]`
            Some(Item::Value(Value::Array(array))) => {
                for block in blocks {
                    push_below(array, table_of(block)?.into_inline_table().into());
                }
                let new = document.to_string();
                // the library ends all lines alike; files saved on Windows go on as they are
                let is_of_windows =
                    text.contains("\r\n") && !text.replace("\r\n", "").contains('\n');
                if is_of_windows {
                    new.replace("\r\n", "\n").replace('\n', "\r\n")
                } else {
                    new
                }
            }
            _ => return None,
        };
        Some(format!("{mark}{new}"))
    }
}

fn unwritable(path: &Path, cause: io::Error) -> AppendError {
    AppendError::Unwritable {
        path: path.display().to_string(),
        cause,
    }
}

/// A block as the editing library has it.
fn table_of(block: &Block) -> Option<Table> {
    let document: DocumentMut = block.to_string().parse().ok()?;
    let blocks = document.get("source")?.as_array_of_tables()?;
    blocks.get(0).cloned()
}

/// A text with blocks behind all that stands there, their lines ended as its last one.
fn below(text: &str, blocks: &[Block]) -> String {
    let blocks: String = blocks.iter().map(Block::to_string).collect();
    let old = text.trim_end_matches([' ', '\t', '\r', '\n']);
    let gap = if old.is_empty() { "" } else { "\n\n" };
    let added = format!("{gap}{}\n", blocks.trim_end());
    let before_last = text.rfind('\n').map(|at| &text[..at]);
    if before_last.is_some_and(|before| before.ends_with('\r')) {
        format!("{old}{}", added.replace('\n', "\r\n"))
    } else {
        format!("{old}{added}")
    }
}

/// Adds to a list, on a line of its own where the list's end is on one: comments stay behind what they speak of.
fn push_below(array: &mut Array, mut value: Value) {
    let last = array.len().checked_sub(1).and_then(|at| array.get_mut(at));
    let text = |raw: Option<&toml_edit::RawString>| {
        let text = raw.and_then(|raw| raw.as_str());
        text.unwrap_or_default().to_owned()
    };
    let mut tail = String::new();
    let mut indent = "  ".to_owned();
    if let Some(last) = &last {
        tail = text(last.decor().suffix());
        if let Some((_, before)) = text(last.decor().prefix()).rsplit_once('\n') {
            before.clone_into(&mut indent);
        }
    }
    tail.push_str(&text(Some(array.trailing())));
    let Some((above, closing)) = tail.rsplit_once('\n') else {
        array.push(value);
        return;
    };
    if let Some(at) = array.len().checked_sub(1)
        && let Some(last) = array.get_mut(at)
    {
        last.decor_mut().set_suffix("");
    }
    let prefix = format!("{}\n{indent}", above.trim_end());
    value.decor_mut().set_prefix(prefix);
    array.push_formatted(value);
    array.set_trailing(format!("\n{closing}"));
}

/// The line on which a text names a source's address.
fn line_of(text: &str, source: &Source) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let blocks = document.get("source")?.as_array_of_tables()?;
    let mut addresses = blocks.iter().filter_map(|block| block.get("url"));
    let address = addresses.find(|item| {
        let url = item.as_str().and_then(|text| Url::parse(text).ok());
        url.as_ref() == Some(&source.url)
    })?;
    let before = text.get(..address.span()?.start)?;
    Some(before.matches('\n').count() + 1)
}

/// Puts a file with these bytes in the place of one, as readable for all others as that is.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (mut file, beside) = create_beside(path)?;
    let written = (|| {
        if let Some(old) = old {
            keep_owner(&file, &old)?;
            file.set_permissions(old.permissions())?;
        }
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

/// A new file in the same folder, in the place of none.
fn create_beside(path: &Path) -> io::Result<(fs::File, PathBuf)> {
    /// So many are left behind by nobody.
    const MOST: u32 = 100;
    let mut n = 0;
    loop {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(match n {
            0 => ".new".to_owned(),
            _ => format!(".new{n}"),
        });
        let beside = path.with_file_name(name);
        match fs::File::create_new(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && n < MOST => n += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Gives a file the group of another one, through which a daemon may read it, and its owner where that can be done.
#[cfg(unix)]
fn keep_owner(file: &fs::File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if new.gid() != old.gid() {
        fchown(file, None, Some(old.gid()))?;
    }
    if new.uid() != old.uid() {
        // only root gives files away
        let _ = fchown(file, Some(old.uid()), None);
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn keep_owner(_: &fs::File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn block(url: &str) -> Block {
        Block::new(url.parse().unwrap(), None, &mut HashSet::new())
    }

    /// What a file holds after two blocks were added to it.
    fn added(old: &str) -> Result<String, AppendError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        fs::write(&path, old).unwrap();
        let added = Editable::open(&path)
            .and_then(|file| file.add(&[block("http://b.example/"), block("http://c.example/")]));
        let new = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        if added.is_err() {
            assert_eq!(new, old);
        }
        added.map(|()| new)
    }

    const NEW: &str = "[[source]]\nurl = \"http://b.example/\"\nid = \"b-example\"\n\n\
                       [[source]]\nurl = \"http://c.example/\"\nid = \"c-example\"\n";

    #[test]
    fn what_stands_in_the_file_stays() {
        for old in [
            "# mine\nlang = \"en\"   # yes\n\n[[source]]\nurl   = \"http://a.example/\"\n[source.list]\nitem = \"li\"\n\n\n",
            "[[source]] # first\nurl = 'http://a.example/'\n\n# below, and a section behind it\n[server] # here\nlisten = '127.0.0.1:0'\n# at the end\n",
            "# nothing but a comment\n",
            "lang = 'en'",
            "\u{feff}lang = 'en'\n",
        ] {
            let expected = format!("{}\n\n{NEW}", old.trim_end());
            assert_eq!(added(old).unwrap(), expected);
            let on_windows = added(&old.replace('\n', "\r\n"));
            if old.contains('\n') {
                assert_eq!(on_windows.unwrap(), expected.replace('\n', "\r\n"));
            }
        }
        assert_eq!(added("").unwrap(), NEW);
        let inline = added("source = [{ url = \"http://a.example/\" }] # one\n").unwrap();
        assert!(
            inline.ends_with(", { url = \"http://c.example/\", id = \"c-example\" }] # one\n"),
            "{inline}"
        );
    }

    #[test]
    fn what_is_there_or_would_be_a_mistake_is_refused() {
        let known = |old: &str| added(old).unwrap_err().to_string();
        let line = known("# mine\n[[source]]\nid = 'x'\nurl = 'https://c.example/index.html'\n");
        assert!(
            line.starts_with("`c-example` is there already, as the source `x` in "),
            "{line}"
        );
        assert!(line.ends_with("s.toml, line 4"), "{line}");
        let line = known("[[source]]\nid = 'b-example'\nurl = 'https://other.example/'\n");
        assert!(line.ends_with("s.toml, line 3"), "{line}");
        for old in [
            "[[source]]\nurl = 1\n",
            "[[source]\n",
            "[[source]]\nurl = 'http://a.example/'\naliases = ['b-example']\n",
        ] {
            let error = added(old).unwrap_err();
            assert!(matches!(error, AppendError::Mistakes(_)), "{error}");
            assert!(error.to_string().contains("s.toml:"), "{error}");
        }
    }
}
