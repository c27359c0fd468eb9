//! A notice of a made-up department, and how its text is written.
//!
//! In: TOML tables `[[notice]]`. Out: [`Notice`] values. A `body` is written in blocks with an empty line between them:
//! `## ` opens a heading, `> ` a line of the signature, `|` a row of a table, `![caption](file.png)` is a picture,
//! `[title](file.docx)` alone on its line is an attachment, all else a paragraph.

use jiff::civil::DateTime;
use serde::Deserialize;

use super::Department;

/// One notice.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    /// The number that its address is made of.
    pub(super) number: u32,
    pub(super) title: String,
    /// How the list shows the title, if cut short there for good.
    pub(super) list_title: Option<String>,
    /// In the departments' time zone, which is UTC+8.
    pub(super) date: DateTime,
    /// 文章来源, where it is not the department itself.
    pub(super) origin: Option<String>,
    pub(super) author: Option<String>,
    /// 责任编辑.
    pub(super) editor: String,
    pub(super) pinned: bool,
    pub(super) content: Content,
}

/// What a notice consists of.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A page with a text.
    Text(Vec<Block>),
    /// Nothing but a file: the list links straight to it.
    File(String),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(String),
    Heading(String),
    /// Who signed and when, line by line.
    Signature(Vec<String>),
    /// The cells, row by row.
    Table(Vec<Vec<String>>),
    Picture {
        caption: String,
        file: String,
    },
    Attachment {
        title: String,
        file: String,
    },
}

impl Notice {
    /// The text; none where the notice is a file.
    pub(super) fn blocks(&self) -> &[Block] {
        match &self.content {
            Content::Text(blocks) => blocks,
            Content::File(_) => &[],
        }
    }

    /// The files that it needs: name and title.
    pub(super) fn files(&self) -> Vec<(&str, &str)> {
        if let Content::File(file) = &self.content {
            return vec![(file, &self.title)];
        }
        self.blocks()
            .iter()
            .filter_map(|block| match block {
                Block::Picture { caption, file } => Some((file.as_str(), caption.as_str())),
                Block::Attachment { title, file } => Some((file.as_str(), title.as_str())),
                _ => None,
            })
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    notice: Vec<WrittenNotice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNotice {
    number: u32,
    title: String,
    list_title: Option<String>,
    date: DateTime,
    origin: Option<String>,
    author: Option<String>,
    editor: String,
    #[serde(default)]
    pinned: bool,
    body: Option<String>,
    file: Option<String>,
    republishes: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    department: Department,
    number: u32,
}

/// The fixed notices of a department, in the order of their file.
pub(super) fn of(department: Department) -> Vec<Notice> {
    written(department)
        .into_iter()
        .map(|written| {
            let content = content(&written);
            Notice {
                number: written.number,
                title: written.title,
                list_title: written.list_title,
                date: written.date,
                origin: written.origin,
                author: written.author,
                editor: written.editor,
                pinned: written.pinned,
                content,
            }
        })
        .collect()
}

fn written(department: Department) -> Vec<WrittenNotice> {
    let file = match department {
        Department::Province => include_str!("articles/jyt.toml"),
        Department::City => include_str!("articles/jyj.toml"),
        Department::University => include_str!("articles/jwc.toml"),
    };
    let written: Written =
        toml::from_str(file).expect("the files are part of the program, and a test reads them");
    written.notice
}

fn content(written: &WrittenNotice) -> Content {
    if let Some(file) = &written.file {
        return Content::File(file.clone());
    }
    if let Some(reference) = &written.republishes {
        let republished = self::written(reference.department)
            .into_iter()
            .find(|other| other.number == reference.number)
            .and_then(|other| other.body);
        return Content::Text(blocks(&republished.unwrap_or_default()));
    }
    Content::Text(blocks(written.body.as_deref().unwrap_or_default()))
}

/// Reads a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    text.split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty())
        .map(block)
        .collect()
}

fn block(text: &str) -> Block {
    if let Some(heading) = text.strip_prefix("## ") {
        Block::Heading(heading.to_owned())
    } else if text.starts_with("> ") {
        let lines = text.lines().map(|line| line.trim_start_matches("> "));
        Block::Signature(lines.map(str::to_owned).collect())
    } else if text.starts_with('|') {
        Block::Table(text.lines().map(cells).collect())
    } else if let Some((caption, file)) = text.strip_prefix('!').and_then(link) {
        Block::Picture { caption, file }
    } else if let Some((title, file)) = link(text) {
        Block::Attachment { title, file }
    } else {
        Block::Paragraph(text.to_owned())
    }
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_matches('|');
    row.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// `[text](target)`.
fn link(text: &str) -> Option<(String, String)> {
    let inner = text.strip_prefix('[')?.strip_suffix(')')?;
    let (text, target) = inner.split_once("](")?;
    Some((text.to_owned(), target.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_text_is_read_block_by_block() {
        let read = blocks(
            "一段。\n\n## 二\n\n| 甲 | 乙 |\n| 丙 | 丁 |\n\n![图1：三](a.png)\n\n[表.docx](b.docx)\n\n> 署名\n> 日期\n",
        );
        assert_eq!(
            read,
            [
                Block::Paragraph("一段。".into()),
                Block::Heading("二".into()),
                Block::Table(vec![
                    vec!["甲".into(), "乙".into()],
                    vec!["丙".into(), "丁".into()]
                ]),
                Block::Picture {
                    caption: "图1：三".into(),
                    file: "a.png".into()
                },
                Block::Attachment {
                    title: "表.docx".into(),
                    file: "b.docx".into()
                },
                Block::Signature(vec!["署名".into(), "日期".into()]),
            ]
        );
    }

    #[test]
    fn every_department_has_a_dozen_notices_with_texts() {
        for department in Department::all() {
            let notices = of(department);
            assert!(notices.len() >= 12, "{department:?}");
            let numbers: HashSet<u32> = notices.iter().map(|notice| notice.number).collect();
            assert_eq!(numbers.len(), notices.len(), "{department:?}");
            for notice in &notices {
                let paragraphs = notice
                    .blocks()
                    .iter()
                    .filter(|block| matches!(block, Block::Paragraph(_)))
                    .count();
                let file = matches!(notice.content, Content::File(_));
                assert!(file || paragraphs >= 3, "{}", notice.title);
            }
        }
    }

    #[test]
    fn one_notice_is_republished_by_both_others() {
        let first = &of(Department::Province)[0];
        for department in [Department::City, Department::University] {
            let again = &of(department)[0];
            assert!(again.title.contains("转发"), "{}", again.title);
            assert_eq!(again.origin.as_deref(), Some("云溪省教育厅"));
            assert_eq!(again.blocks(), first.blocks());
        }
    }
}
