//! Files, and the files that they include.
//!
//! A file is read once, whoever names it, in the order of naming. A pattern such as `sources.d/*.toml` takes what is
//! there; a plain path must exist. `catalog:GROUP` takes a group of the catalogue that the program brings along.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{
    keys,
    mistake::{File, Mistake, Place},
    section::{Value, Wrong},
    values,
};
use crate::source::{
    block::Block,
    catalog::{self, Catalog},
};

/// The largest file that is read.
const FILE_BYTES: u64 = 16 << 20;

/// A file that waits to be read.
struct Waiting {
    what: Included,
    /// Where it was named, and the files that led there, outermost first.
    named: Place,
    chain: Vec<PathBuf>,
}

/// What an `include` names.
enum Included {
    /// A file.
    File(PathBuf),
    /// Blocks of the catalogue, under the name that they were asked for by.
    Catalog { name: PathBuf, blocks: String },
}

/// What an `include` of the catalogue begins with.
const CATALOG: &str = "catalog:";

/// What a configuration was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The folders in which its files lie, or would lie that a pattern names.
    pub folders: BTreeSet<PathBuf>,
    /// A hash of the names and the bytes of all files.
    pub hash: u64,
}

/// The files of a configuration: those met, and those still to be read.
#[derive(Default)]
pub(super) struct Files {
    pub(super) read: Read,
    met: HashSet<PathBuf>,
    waiting: VecDeque<Waiting>,
    count: usize,
}

/// A file's text, with the paths that led to it, its own last.
pub(super) struct Opened {
    pub(super) file: Arc<File>,
    pub(super) chain: Vec<PathBuf>,
    /// Where its bytes are no UTF-8.
    pub(super) garbled: Option<Mistake>,
    /// Whether it is the program's own catalogue, before which what people write goes.
    pub(super) is_catalog: bool,
}

impl Files {
    /// Takes the main file's bytes.
    pub(super) fn main(&mut self, path: &Path, bytes: &[u8]) -> Opened {
        self.met.insert(identity(path));
        self.watch_file(path);
        self.open(path, bytes, Vec::new())
    }

    /// The next included file. A mistake where it cannot be read.
    pub(super) fn next(&mut self) -> Option<Result<Opened, Mistake>> {
        let waiting = self.waiting.pop_front()?;
        let path = match waiting.what {
            Included::File(path) => path,
            Included::Catalog { name, blocks } => {
                let opened = self.open(&name, blocks.as_bytes(), waiting.chain);
                return Some(Ok(Opened {
                    is_catalog: true,
                    ..opened
                }));
            }
        };
        self.watch_file(&path);
        Some(match read(&path) {
            Ok(bytes) => Ok(self.open(&path, &bytes, waiting.chain)),
            Err(error) => Err(Mistake::new(
                waiting.named,
                format!("cannot read `{}`", path.display()),
                in_words(&error),
            )),
        })
    }

    /// Reads one member of `include`, and lets the files that it names wait.
    pub(super) fn include(&mut self, value: &Value<'_>, chain: &[PathBuf]) -> Result<(), Wrong> {
        let path = values::path(value)?;
        let folder = chain.last().and_then(|file| file.parent());
        let folder = folder.unwrap_or(Path::new(""));
        match path.to_str() {
            Some(name) if name.starts_with(CATALOG) => self.catalog(value, name, chain),
            Some(pattern) if pattern.contains(['*', '?', '[']) => {
                self.pattern(value, folder, pattern, chain)
            }
            _ => self.plain(value, &folder.join(path), chain),
        }
    }

    fn catalog(&mut self, value: &Value<'_>, name: &str, chain: &[PathBuf]) -> Result<(), Wrong> {
        let group = name.trim_start_matches(CATALOG);
        let catalog = Catalog::embedded();
        let blocks = catalog::blocks(catalog.group(group));
        let blocks: String = blocks.iter().map(Block::to_string).collect();
        if blocks.is_empty() {
            let groups: Vec<&str> = catalog.groups().into_keys().collect();
            let what = format!("the catalogue has no group `{}`", values::cut(group));
            let wrong = Wrong::new(what, "expected one of its groups, \"catalog:province\"");
            let near = keys::nearest(group, groups.iter().copied());
            return Err(wrong.help(match near {
                Some(near) => format!("did you mean \"{CATALOG}{near}\"?"),
                None => format!("they are {}", groups.join(", ")),
            }));
        }
        let name = PathBuf::from(name);
        if self.met.insert(name.clone()) {
            self.waiting.push_back(Waiting {
                what: Included::Catalog { name, blocks },
                named: value.place.clone(),
                chain: chain.to_vec(),
            });
        }
        Ok(())
    }

    fn plain(&mut self, value: &Value<'_>, path: &Path, chain: &[PathBuf]) -> Result<(), Wrong> {
        let shown = path.display();
        // one that is missing may come
        self.watch_file(path);
        match fs::metadata(path) {
            Err(error) => {
                return Err(
                    Wrong::new(format!("cannot read `{shown}`"), in_words(&error))
                        .help("paths are relative to the file that names them".to_owned()),
                );
            }
            Ok(data) if data.is_dir() => {
                let what = format!("`{shown}` is a folder");
                let help = format!(
                    "did you mean \"{}/*.toml\"?",
                    values::cut(value.toml.as_str().unwrap_or_default()).trim_end_matches('/')
                );
                return Err(Wrong::new(what, "expected a file or a pattern").help(help));
            }
            Ok(_) => {}
        }
        let this = identity(path);
        if chain.iter().any(|file| identity(file) == this) {
            let mut names: Vec<_> = chain.iter().map(|p| p.display().to_string()).collect();
            names.push(shown.to_string());
            return Err(Wrong::new(
                "files include each other in a circle",
                format!("named while it is read: {}", names.join(" → ")),
            ));
        }
        self.wait(path.to_owned(), value, chain);
        Ok(())
    }

    /// A pattern may well match the file it stands in, and one that was named before: they are passed over.
    fn pattern(
        &mut self,
        value: &Value<'_>,
        folder: &Path,
        pattern: &str,
        chain: &[PathBuf],
    ) -> Result<(), Wrong> {
        // what comes later to where the pattern looks belongs to the configuration too
        let fixed = Path::new(pattern)
            .components()
            .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']));
        self.watch(&folder.join(fixed.collect::<PathBuf>()));
        // the folder's own name is no pattern
        let folder = glob::Pattern::escape(&folder.to_string_lossy());
        let whole = Path::new(&folder).join(pattern);
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            require_literal_separator: true,
            case_sensitive: true,
        };
        let matches = glob::glob_with(&whole.to_string_lossy(), options).map_err(|error| {
            Wrong::new(
                format!("`{}` is no pattern", values::cut(pattern)),
                format!(
                    "expected a pattern such as \"sources.d/*.toml\": {}",
                    error.msg
                ),
            )
        })?;
        for path in matches {
            match path {
                Ok(path) if path.is_dir() => {}
                Ok(path) => self.wait(path, value, chain),
                Err(error) => {
                    let what = format!("cannot look into `{}`", error.path().display());
                    return Err(Wrong::new(what, in_words(error.error())));
                }
            }
        }
        Ok(())
    }

    /// Where a file lies, and where the one lies that it is a link to: either may be replaced.
    fn watch_file(&mut self, path: &Path) {
        self.watch(path.parent().unwrap_or(Path::new("")));
        if path.is_symlink()
            && let Some(folder) = identity(path).parent()
        {
            self.watch(folder);
        }
    }

    fn watch(&mut self, folder: &Path) {
        let here = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        self.read.folders.insert(here.to_owned());
    }

    fn wait(&mut self, path: PathBuf, value: &Value<'_>, chain: &[PathBuf]) {
        if self.met.insert(identity(&path)) {
            self.waiting.push_back(Waiting {
                what: Included::File(path),
                named: value.place.clone(),
                chain: chain.to_vec(),
            });
        }
    }

    fn open(&mut self, path: &Path, bytes: &[u8], mut chain: Vec<PathBuf>) -> Opened {
        self.read.hash = xxh3_64_with_seed(bytes, self.read.hash);
        let name = path.as_os_str().as_encoded_bytes();
        self.read.hash = xxh3_64_with_seed(name, self.read.hash);
        let order = self.count;
        self.count += 1;
        chain.push(path.to_owned());
        let file = Arc::new(File {
            name: path.display().to_string(),
            text: String::from_utf8_lossy(bytes).into_owned(),
            order,
        });
        let garbled = std::str::from_utf8(bytes).err().map(|error| {
            let at = error.valid_up_to();
            let mark = char::REPLACEMENT_CHARACTER.len_utf8();
            let place = Place {
                file: Arc::clone(&file),
                span: at..at + mark,
            };
            Mistake::new(place, "the file is not UTF-8", "these bytes are none").help(
                "save the file as UTF-8; editors on Windows may save GBK or UTF-16".to_owned(),
            )
        });
        Opened {
            file,
            chain,
            garbled,
            is_catalog: false,
        }
    }
}

/// A file's bytes.
///
/// # Errors
/// As of the file system, and for a folder or a file that is too large.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Why a file cannot be read.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, a file was expected".to_owned(),
        io::ErrorKind::FileTooLarge => {
            format!(
                "it is larger than {} MiB; spread its sources over several files",
                FILE_BYTES >> 20
            )
        }
        _ => error.to_string(),
    }
}

/// One name for each file, however it is written.
fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
