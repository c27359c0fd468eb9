//! `DedeCMS`: `/a/COLUMN/`, then `list_ID_PAGE.html`; `/a/COLUMN/NUMBER.html`; GBK that calls itself gb2312.

use std::fmt::Write as _;

use super::{Family, Listing, PIXEL, Reading, ending, table_rows, titles, upload_name};
use crate::demo::{
    Department,
    notice::{Block, Notice},
    template::{escape, fill},
};

#[derive(Debug)]
pub(super) struct Dede;

impl Family for Dede {
    fn list(&self, page: usize, _pages: usize) -> String {
        format!("/a/tzgg/list_5_{page}.html")
    }

    fn first_list(&self) -> &'static [&'static str] {
        &["/a/tzgg/", "/a/tzgg/index.html"]
    }

    fn article(&self, number: u32) -> String {
        format!("/a/tzgg/{number}.html")
    }

    fn file(&self, name: &str) -> String {
        let folder = match ending(name) {
            ".png" | ".svg" => "allimg",
            _ => "soft",
        };
        let hash = upload_name(name, 14).to_ascii_uppercase();
        format!(
            "/uploads/{folder}/c26{}/1-26{}{}",
            &hash[..4],
            &hash[4..],
            ending(name)
        )
    }

    fn asset(&self, path_and_query: &str) -> Option<(&'static str, &'static [u8])> {
        if path_and_query.starts_with("/plus/count.php?") {
            return Some(("text/javascript", b"document.write('326');\r\n"));
        }
        match path_and_query {
            "/templets/default/style/dedecms.css" => {
                Some(("text/css", include_bytes!("../pages/dede.css")))
            }
            "/plus/img/addon.gif" => Some(("image/gif", PIXEL)),
            "/robots.txt" => Some((
                "text/plain",
                b"User-agent: *\r\nDisallow: /plus/\r\nDisallow: /include\r\nDisallow: /templets\r\n",
            )),
            _ => None,
        }
    }

    fn shows_time(&self) -> bool {
        true
    }

    fn origin(&self, notice: &Notice, department: Department) -> Option<String> {
        let own = || department.name().to_owned();
        Some(notice.origin.clone().unwrap_or_else(own))
    }

    fn list_page(&self, listing: &Listing<'_>) -> String {
        let mut rows = String::new();
        for (notice, address) in &listing.rows {
            // the year is nowhere on this page
            let day = notice.date.strftime("%m-%d");
            let title = notice.list_title.as_ref().unwrap_or(&notice.title);
            let _ = writeln!(
                rows,
                "\t\t\t\t<li>\n\t\t\t\t\t<span class=\"date\">[{day}]</span>\n\t\t\t\t\t<a href=\"{address}\" class=\"title\" target=\"_blank\">{}</a>\n\t\t\t\t</li>",
                escape(title)
            );
        }
        fill(
            include_str!("../pages/dede-list.html"),
            &[
                ("header", include_str!("../pages/dede-header.html")),
                ("footer", include_str!("../pages/dede-footer.html")),
                ("rows", &rows),
                ("pager", &pager(listing)),
                ("hot", &hot(&listing.hot)),
            ],
        )
    }

    fn article_page(&self, reading: &Reading<'_>) -> String {
        let notice = reading.notice;
        let origin = self.origin(notice, reading.department).unwrap_or_default();
        fill(
            include_str!("../pages/dede-article.html"),
            &[
                ("header", include_str!("../pages/dede-header.html")),
                ("footer", include_str!("../pages/dede-footer.html")),
                ("title", &escape(&notice.title)),
                ("number", &notice.number.to_string()),
                ("date", &notice.date.strftime("%Y-%m-%d %H:%M").to_string()),
                ("origin", &escape(&origin)),
                (
                    "author",
                    &escape(notice.author.as_deref().unwrap_or_default()),
                ),
                ("editor", &escape(&notice.editor)),
                ("body", &self.body(notice)),
                ("neighbours", &neighbours(reading)),
                ("hot", &hot(&reading.hot)),
            ],
        )
    }

    /// No charset: the page's `<meta>` alone declares it.
    fn content_type(&self) -> &'static str {
        "text/html"
    }

    fn encode(&self, html: &str) -> Vec<u8> {
        encoding_rs::GBK.encode(html).0.into_owned()
    }
}

impl Dede {
    fn body(&self, notice: &Notice) -> String {
        let mut body = String::new();
        for block in notice.blocks() {
            let _ = match block {
                // paragraphs are indented by two full-width spaces of text
                Block::Paragraph(text) => writeln!(body, "<p>\n\t　　{}</p>", escape(text)),
                Block::Heading(text) => {
                    writeln!(body, "<p>\n\t　　<strong>{}</strong></p>", escape(text))
                }
                Block::Signature(lines) => lines.iter().try_for_each(|line| {
                    writeln!(
                        body,
                        "<p style=\"text-align: right\">\n\t{}</p>",
                        escape(line)
                    )
                }),
                Block::Table(rows) => writeln!(
                    body,
                    "<table border=\"1\" cellpadding=\"1\" cellspacing=\"1\" style=\"width: 600px\">\n\t<tbody>\n{}\t</tbody>\n</table>",
                    table_rows(rows, |text| format!("<td>\n\t\t{text}</td>"))
                ),
                Block::Picture { caption, file } => writeln!(
                    body,
                    "<div style=\"text-align: center\">\n\t<img alt=\"\" src=\"{}\" style=\"width: 600px; height: 338px\" /><br />\n\t{}</div>",
                    self.file(file),
                    escape(caption)
                ),
                Block::Attachment { title, file } => {
                    let (address, title) = (self.file(file), escape(title));
                    writeln!(
                        body,
                        "<table width=\"450\">\n<tr>\n<td height=\"30\" width=\"20\"><a href=\"{address}\" target=\"_blank\"><img align=\"middle\" border=\"0\" src=\"/plus/img/addon.gif\" /></a></td>\n<td><a href=\"{address}\" target=\"_blank\"><u>{title}</u></a></td>\n</tr>\n</table>"
                    )
                }
            };
        }
        body
    }
}

fn neighbours(reading: &Reading<'_>) -> String {
    let line = |label, near: &Option<(&Notice, String)>| match near {
        Some((notice, address)) => format!(
            "\t\t\t\t\t\t<li>{label}：<a href='{address}'>{}</a> </li>\n",
            escape(&notice.title)
        ),
        None => format!("\t\t\t\t\t\t<li>{label}：没有了 </li>\n"),
    };
    line("上一篇", &reading.newer) + &line("下一篇", &reading.older)
}

fn hot(notices: &[(&Notice, String)]) -> String {
    let mut items = String::new();
    for (notice, address) in notices {
        let (_, short) = titles(notice, 18);
        let _ = writeln!(
            items,
            "\t\t\t\t\t<li><a href=\"{address}\">{short}</a></li>"
        );
    }
    items
}

fn pager(listing: &Listing<'_>) -> String {
    let (page, pages) = (listing.page, listing.pages);
    let link = |to: usize, label: &str| {
        format!("\t\t\t\t<li><a href='list_5_{to}.html'>{label}</a></li>\n")
    };
    let mut links = String::new();
    if page == 1 {
        links.push_str("\t\t\t\t<li>首页</li>\n");
    } else {
        links.push_str(&link(1, "首页"));
        links.push_str(&link(page - 1, "上一页"));
    }
    for to in (1..=pages).filter(|to| to.abs_diff(page) < 4) {
        if to == page {
            let _ = writeln!(links, "\t\t\t\t<li class=\"thisclass\">{to}</li>");
        } else {
            links.push_str(&link(to, &to.to_string()));
        }
    }
    if page == pages {
        links.push_str("\t\t\t\t<li>末页</li>\n");
    } else {
        links.push_str(&link(page + 1, "下一页"));
        links.push_str(&link(pages, "末页"));
    }
    let _ = writeln!(
        links,
        "\t\t\t\t<li><span class=\"pageinfo\">共 <strong>{pages}</strong>页<strong>{}</strong>条</span></li>",
        listing.total
    );
    links
}
