//! `WebPlus` (Sudy): `/COLUMN/list.htm`, then `list2.htm`; `/xx/yy/cCOLUMNaNUMBER/page.htm`; styled spans in the text.

use std::fmt::Write as _;

use super::{Family, Listing, PIXEL, Reading, ending, table_rows, titles, upload_name};
use crate::demo::{
    Department,
    notice::{Block, Notice},
    template::{cut, escape, fill},
};

const INDENT: &str = "<p style=\"text-indent:2em;line-height:1.75em;\"><span style=\"font-family:仿宋, 仿宋_GB2312;font-size:16px;\">";
const CENTER: &str = "<p style=\"text-align:center;\">";
const RIGHT: &str =
    "<p style=\"text-align:right;\"><span style=\"font-family:仿宋, 仿宋_GB2312;font-size:16px;\">";

#[derive(Debug)]
pub(super) struct WebPlus;

impl Family for WebPlus {
    fn list(&self, page: usize, _pages: usize) -> String {
        match page {
            1 => Department::University.list_path().to_owned(),
            page => format!("/1312/list{page}.htm"),
        }
    }

    fn first_list(&self) -> &'static [&'static str] {
        &["/1312/list1.htm", "/1310/list.htm"]
    }

    fn article(&self, number: u32) -> String {
        // the folders are the number's last two bytes
        let (high, low) = (number >> 8 & 0xff, number & 0xff);
        format!("/{high:02x}/{low:02x}/c1312a{number}/page.htm")
    }

    fn file(&self, name: &str) -> String {
        let folder = match ending(name) {
            ".png" | ".svg" => "images",
            _ => "files",
        };
        let hash = upload_name(name, 32);
        let (a, b, rest) = (&hash[..2], &hash[2..4], &hash[4..]);
        let uuid = upload_name(&format!("{name} again"), 12);
        format!(
            "/_upload/article/{folder}/{a}/{b}/{rest}/3f1d8a52-0b7e-4c6f-9e21-{uuid}{}",
            ending(name)
        )
    }

    fn asset(&self, path_and_query: &str) -> Option<(&'static str, &'static [u8])> {
        if path_and_query.starts_with("/_visitcount?") {
            return Some(("image/gif", PIXEL));
        }
        match path_and_query {
            "/_upload/tpl/00/2a/42/template42/style.css" => {
                Some(("text/css", include_bytes!("../pages/webplus.css")))
            }
            "/_js/jquery.sudy.wp.visitcount.js" => {
                Some(("text/javascript", include_bytes!("../pages/webplus.js")))
            }
            "/_ueditor/themes/default/images/icon_doc.gif"
            | "/_ueditor/themes/default/images/icon_pdf.gif" => Some(("image/gif", PIXEL)),
            "/robots.txt" => Some((
                "text/plain",
                b"User-agent: *\nDisallow: /_web/\nDisallow: /_s\n",
            )),
            _ => None,
        }
    }

    fn shows_time(&self) -> bool {
        false
    }

    /// Named only where it is not the department itself: 发布者 is who posted it.
    fn origin(&self, notice: &Notice, _department: Department) -> Option<String> {
        notice.origin.clone()
    }

    fn list_page(&self, listing: &Listing<'_>) -> String {
        let mut rows = String::new();
        for (line, (notice, address)) in listing.rows.iter().enumerate() {
            let (title, short) = titles(notice, 40);
            let (line, date) = (line + 1, notice.date.date());
            let _ = writeln!(
                rows,
                "                                        <li class=\"news n{line} clearfix\">\n                                            <span class=\"news_title\"><a href='{address}' target='_blank' title='{title}'>{short}</a></span>\n                                            <span class=\"news_meta\">{date}</span>\n                                        </li>"
            );
        }
        fill(
            include_str!("../pages/webplus-list.html"),
            &[
                ("header", include_str!("../pages/webplus-header.html")),
                ("footer", include_str!("../pages/webplus-footer.html")),
                ("rows", &rows),
                ("pager", &pager(listing)),
                ("hot", &hot(&listing.hot)),
            ],
        )
    }

    fn article_page(&self, reading: &Reading<'_>) -> String {
        let notice = reading.notice;
        let first = notice.blocks().iter().find_map(|block| match block {
            Block::Paragraph(text) => Some(text.as_str()),
            _ => None,
        });
        fill(
            include_str!("../pages/webplus-article.html"),
            &[
                ("header", include_str!("../pages/webplus-header.html")),
                ("footer", include_str!("../pages/webplus-footer.html")),
                ("title", &escape(&notice.title)),
                ("description", &escape(&cut(first.unwrap_or_default(), 60))),
                ("number", &notice.number.to_string()),
                ("facts", &facts(notice)),
                ("body", &self.body(notice)),
                ("editor", &escape(&notice.editor)),
                ("neighbours", &neighbours(reading)),
                ("hot", &hot(&reading.hot)),
            ],
        )
    }
}

impl WebPlus {
    fn body(&self, notice: &Notice) -> String {
        let mut body = String::new();
        for block in notice.blocks() {
            let _ = match block {
                Block::Paragraph(text) => writeln!(body, "{INDENT}{}</span></p>", escape(text)),
                Block::Heading(text) => {
                    writeln!(body, "{INDENT}<strong>{}</strong></span></p>", escape(text))
                }
                Block::Signature(lines) => lines
                    .iter()
                    .try_for_each(|line| writeln!(body, "{RIGHT}{}</span></p>", escape(line))),
                Block::Table(rows) => writeln!(
                    body,
                    "<table cellspacing=\"0\" class=\"wp_editor_art_table\"><tbody>{}</tbody></table>",
                    table_rows(rows, |text| format!("<td width=\"150\"><p>{text}</p></td>"))
                ),
                Block::Picture { caption, file } => {
                    let source = self.file(file);
                    writeln!(
                        body,
                        "{CENTER}<img data-layer=\"photo\" src=\"{source}\" original-src=\"{source}\" style=\"float:none;\" sudyfile-attr=\"{{'title':'{file}'}}\"></p>\n{CENTER}<span style=\"font-size:14px;\">{}</span></p>",
                        escape(caption)
                    )
                }
                Block::Attachment { title, file } => {
                    let (address, title) = (self.file(file), escape(title));
                    let icon = if ending(file) == ".pdf" { "pdf" } else { "doc" };
                    writeln!(
                        body,
                        "<p><img class=\"nostyle\" src=\"/_ueditor/themes/default/images/icon_{icon}.gif\"/><a href=\"{address}\" sudyfile-attr=\"{{'title':'{title}'}}\" textvalue=\"{title}\">{title}</a></p>"
                    )
                }
            };
        }
        body
    }
}

fn facts(notice: &Notice) -> String {
    let mut facts = format!(
        "<span class=\"arti_publisher\">发布者：{}</span>",
        escape(&notice.editor)
    );
    if let Some(author) = &notice.author {
        let _ = write!(
            facts,
            "<span class=\"arti_author\">作者：{}</span>",
            escape(author)
        );
    }
    if let Some(origin) = &notice.origin {
        let _ = write!(
            facts,
            "<span class=\"arti_from\">文章来源：{}</span>",
            escape(origin)
        );
    }
    let _ = write!(
        facts,
        "<span class=\"arti_update\">发布时间：{}</span>",
        notice.date.date()
    );
    facts
}

fn neighbours(reading: &Reading<'_>) -> String {
    let line = |class, label, near: &Option<(&Notice, String)>| match near {
        Some((notice, address)) => format!(
            "                        <li class=\"{class}\">{label}：<a href='{address}'>{}</a></li>\n",
            escape(&notice.title)
        ),
        None => String::new(),
    };
    line("prev", "上一篇", &reading.newer) + &line("next", "下一篇", &reading.older)
}

fn hot(notices: &[(&Notice, String)]) -> String {
    let mut items = String::new();
    for (line, (notice, address)) in notices.iter().enumerate() {
        let (title, short) = titles(notice, 16);
        let (line, day) = (line + 1, notice.date.strftime("%m-%d"));
        let _ = writeln!(
            items,
            "                        <li class=\"news n{line} clearfix\"><div class=\"news_title\"><a href='{address}' target='_self' title='{title}'>{short}</a></div><div class=\"news_meta\">{day}</div></li>"
        );
    }
    items
}

fn pager(listing: &Listing<'_>) -> String {
    let (page, pages) = (listing.page, listing.pages);
    let link = |class: &str, to: usize, label: &str| {
        let address = match to {
            to if to == page || to == 0 || to > pages => "javascript:void(0);".to_owned(),
            to => WebPlus.list(to, pages),
        };
        format!(
            "                                            <a class=\"{class}\" href=\"{address}\" target=\"_self\"><span>{label}</span></a>\n"
        )
    };
    let links = link("first", 1, "第一页")
        + &link("prev", page - 1, "&lt;&lt;上一页")
        + &link("next", page + 1, "下一页&gt;&gt;")
        + &link("last", pages, "尾页");
    format!(
        r#"                                    <ul class="wp_paging clearfix">
                                        <li class="pages_count"><span class="per_page">每页&nbsp;<em class="per_count">{count}</em>&nbsp;记录&nbsp;</span><span class="all_count">总共&nbsp;<em class="all_count">{total}</em>&nbsp;记录&nbsp;</span></li>
                                        <li class="page_nav">
{links}                                        </li>
                                        <li class="page_jump"><span class="pages">页码&nbsp;<em class="curr_page">{page}</em>/<em class="all_pages">{pages}</em></span><span><input class="pageNum" type="text" /><input type="hidden" class="currPageURL" value="" /></span><span><a class="pagingJump" href="javascript:void(0);" target="_self">跳转到&nbsp;</a></span></li>
                                    </ul>
"#,
        count = listing.per_page,
        total = listing.total,
    )
}
