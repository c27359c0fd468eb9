//! The index in its folder: tantivy, and the one file with `query` and `matches` that knows it.
//!
//! A document is an article: its title and its text to be found by, its id to be replaced by, and what sorts, narrows
//! and merges results. Nothing is stored to be shown, that is in the store. With each commit goes a [`Mark`]: which
//! events the index has seen. So after a crash it knows what it missed, and whether it was made by this version.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError,
    Term,
    indexer::{IndexWriterOptions, LogMergePolicy},
    schema::{
        BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing,
        TextOptions,
    },
    store::Compressor,
};

use super::words::Words;
use crate::{article::ArticleId, store::view::panic_words};

/// What is indexed, and how. Another version is made anew.
const VERSION: u32 = 1;
/// What new documents may take in memory: the least that tantivy works with, some 450 articles.
const HEAP_BYTES: usize = 15_000_000;
/// While many are indexed: with less, merging the small segments costs more than all the rest.
const LARGE_HEAP_BYTES: usize = 60_000_000;
/// Segments of about one size are merged when there are so many of them.
const MERGED_AT_ONCE: usize = 4;
/// Segments below this are of one size.
const SMALL_DOCUMENTS: u32 = 1_000;
/// A larger segment is not merged any more, unless it is a small part of the index: a merge maps all that it reads and
/// writes, which with an index of 60,000 articles took 200 MB, and with segments of up to 10,000 still 130 MB.
const LARGE_DOCUMENTS: u64 = 5_000;
const SMALL_PART: u64 = 16;
/// A segment is merged by itself when so much of it is deleted.
const DELETED: f32 = 0.3;
const TOKENIZER: &str = "words";

pub(super) const AT: &str = "at";
pub(super) const NUMBER: &str = "number";
pub(super) const STORY: &str = "story";

/// What the index has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) version: u32,
    /// The sequence number of the last event, and where it lies.
    pub(super) applied: u64,
    pub(super) position: u64,
    /// Articles that were there before the index was begun are still to come, those below this number.
    pub(super) below: u64,
}

impl Mark {
    /// Of an index that is to be made of a store that has come so far.
    pub(super) fn begun(applied: u64, position: u64) -> Self {
        Self {
            version: VERSION,
            applied,
            position,
            below: if applied == 0 { 0 } else { u64::MAX },
        }
    }
}

/// An article as it is indexed.
pub(super) struct Document {
    pub(super) id: ArticleId,
    pub(super) number: u64,
    pub(super) at: i64,
    pub(super) story: u64,
    pub(super) sources: Vec<u32>,
    pub(super) title: String,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) text: Field,
    pub(super) source: Field,
    id: Field,
    at: Field,
    number: Field,
    story: Field,
}

/// Why the index does not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The file system refused: it may be full.
    #[error("the index cannot be written")]
    Refused(#[source] io::Error),
    /// It is not as it was made.
    #[error("the index is damaged: {0}")]
    Damaged(String),
}

impl From<TantivyError> for Broken {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::IoError(error) => match error.kind() {
                // files that are shorter than tantivy thinks, or garbled
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidData
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::NotFound => Self::Damaged(error.to_string()),
                kind => Self::Refused(io::Error::new(kind, error.to_string())),
            },
            // a thread of tantivy's that has met a full disk ends with this
            TantivyError::ErrorInThread(why) => Self::Refused(io::Error::other(why)),
            TantivyError::OpenWriteError(error) => {
                Self::Refused(io::Error::other(error.to_string()))
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// Runs what tantivy does; a panic there is damage.
pub(super) fn sound<T>(ask: impl FnOnce() -> Result<T, Broken>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer,
        Err(panic) => Err(Broken::Damaged(panic_words(&*panic))),
    }
}

/// An open index.
pub(super) struct Files {
    index: Index,
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    dir: PathBuf,
}

impl Files {
    /// Opens an index that this version made.
    pub(super) fn open(dir: &Path) -> Result<(Self, Mark), Broken> {
        let index = Index::open_in_dir(dir)?;
        let (schema, _) = schema();
        let mark = index.load_metas()?.payload;
        let mark: Option<Mark> = mark.and_then(|mark| serde_json::from_str(&mark).ok());
        match mark.filter(|mark| mark.version == VERSION && index.schema() == schema) {
            Some(mark) => Ok((Self::of(index, dir)?, mark)),
            None => Err(Broken::Damaged("it is of another version".to_owned())),
        }
    }

    /// Makes an empty index; what lies in the folder goes.
    pub(super) fn make(dir: &Path, mark: Mark) -> Result<Self, Broken> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Broken::Refused(error));
            }
            _ => fs::create_dir_all(dir).map_err(Broken::Refused)?,
        }
        let settings = IndexSettings {
            docstore_compression: Compressor::None,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let (schema, _) = schema();
        let builder = Index::builder().schema(schema).settings(settings);
        let made = Self::of(builder.create_in_dir(dir)?, dir)?;
        made.writer(false)?.commit(mark)?;
        Ok(made)
    }

    fn of(index: Index, dir: &Path) -> Result<Self, Broken> {
        index.tokenizers().register(TOKENIZER, Words::default());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let (_, fields) = schema();
        Ok(Self {
            index,
            reader,
            fields,
            dir: dir.to_owned(),
        })
    }

    /// Reads all files, and says whether they are as they were written.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        let damaged = self.index.validate_checksum()?;
        match damaged.iter().next() {
            None => Ok(()),
            Some(file) => Err(Broken::Damaged(format!(
                "{} is not as it was written",
                self.dir.join(file).display()
            ))),
        }
    }

    /// What changes the index; `large` takes more memory.
    pub(super) fn writer(&self, large: bool) -> Result<Writer, Broken> {
        let heap_bytes = if large { LARGE_HEAP_BYTES } else { HEAP_BYTES };
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(heap_bytes)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        let all = self.reader.searcher().num_docs();
        let mut merges = LogMergePolicy::default();
        merges.set_min_num_segments(MERGED_AT_ONCE);
        merges.set_min_layer_size(SMALL_DOCUMENTS);
        merges.set_max_docs_before_merge(
            usize::try_from(LARGE_DOCUMENTS.max(all / SMALL_PART)).unwrap_or(usize::MAX),
        );
        merges.set_del_docs_ratio_before_merge(DELETED);
        writer.set_merge_policy(Box::new(merges));
        Ok(Writer {
            inner: writer,
            fields: self.fields,
            large,
        })
    }

    /// Shows what was committed.
    pub(super) fn reload(&self) -> Result<(), Broken> {
        Ok(self.reader.reload()?)
    }
}

/// What changes an index.
pub(super) struct Writer {
    inner: IndexWriter,
    fields: Fields,
    pub(super) large: bool,
}

impl Writer {
    /// Takes an article out.
    pub(super) fn remove(&self, id: ArticleId) {
        let id = Term::from_field_bytes(self.fields.id, id.as_bytes());
        self.inner.delete_term(id);
    }

    pub(super) fn add(&self, article: &Document) -> Result<(), Broken> {
        let Fields {
            text,
            source,
            id,
            at,
            number,
            story,
        } = self.fields;
        let mut document = TantivyDocument::new();
        document.add_text(text, &article.title);
        document.add_text(text, &article.text);
        document.add_bytes(id, article.id.as_bytes());
        document.add_i64(at, article.at);
        document.add_u64(number, article.number);
        document.add_u64(story, article.story);
        for number in &article.sources {
            document.add_u64(source, u64::from(*number));
        }
        self.inner.add_document(document)?;
        Ok(())
    }

    /// Waits for what is being merged.
    pub(super) fn finish(self) {
        if let Err(error) = self.inner.wait_merging_threads() {
            // what was not merged now is merged with the next commit
            tracing::debug!(%error, "segments of the index could not be merged");
        }
    }

    /// Removes files that nothing needs any more.
    pub(super) fn tidy(&self) {
        if let Err(error) = self.inner.garbage_collect_files().wait() {
            tracing::debug!(%error, "files of the index could not be removed");
        }
    }

    /// Makes all changes since the last commit last, together with what they follow from.
    pub(super) fn commit(&mut self, mark: Mark) -> Result<(), Broken> {
        let payload = serde_json::to_string(&mark).expect("numbers under string keys");
        let mut prepared = self.inner.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        Ok(())
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let fast = || NumericOptions::default().set_fast();
    let fields = Fields {
        text: schema.add_text_field("text", TextOptions::default().set_indexing_options(words)),
        source: schema.add_u64_field("source", NumericOptions::default().set_indexed()),
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        at: schema.add_i64_field(AT, fast()),
        number: schema.add_u64_field(NUMBER, fast()),
        story: schema.add_u64_field(STORY, fast()),
    };
    (schema.build(), fields)
}
