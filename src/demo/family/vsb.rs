//! VSB (Boda): `/section/name.htm`, whose pages count down; `/info/SECTION/NUMBER.htm`; attachments after the text.

use std::fmt::Write as _;

use super::{Family, Listing, PIXEL, Reading, ending, table_rows, titles, upload_name};
use crate::demo::{
    Department,
    notice::{Block, Notice},
    template::{escape, fill},
};

/// A site's number, as VSB puts it in scripts and download addresses.
const OWNER: u32 = 1_391_370_217;

#[derive(Debug)]
pub(super) struct Vsb;

impl Family for Vsb {
    fn list(&self, page: usize, pages: usize) -> String {
        match page {
            1 => Department::Province.list_path().to_owned(),
            // the last page is 1, so that an old page keeps its address while new ones come
            page => format!("/jyzx/tzgg/{}.htm", pages + 1 - page),
        }
    }

    fn first_list(&self) -> &'static [&'static str] {
        &["/jyzx.htm"]
    }

    fn article(&self, number: u32) -> String {
        format!("/info/1063/{number}.htm")
    }

    fn file(&self, name: &str) -> String {
        let hash = upload_name(name, 32).to_ascii_uppercase();
        if ending(name) == ".docx" {
            // a file that has no name in its address, only in the link's text
            let id = u32::from_str_radix(&hash[..5], 16).unwrap_or_default();
            return format!(
                "/system/_content/download.jsp?urltype=news.DownloadAttachUrl&owner={OWNER}&wbfileid={id}"
            );
        }
        let (a, b, c) = (&hash[..1], &hash[1..3], &hash[3..5]);
        format!("/__local/{a}/{b}/{c}/{}{}", &hash[5..], ending(name))
    }

    fn asset(&self, path_and_query: &str) -> Option<(&'static str, &'static [u8])> {
        match path_and_query {
            "/css/style.css" => Some(("text/css", include_bytes!("../pages/vsb.css"))),
            "/system/resource/js/counter.js" | "/system/resource/js/dynclicks.js" => {
                Some(("text/javascript", include_bytes!("../pages/vsb.js")))
            }
            "/system/resource/images/new.gif" => Some(("image/gif", PIXEL)),
            _ => None,
        }
    }

    fn shows_time(&self) -> bool {
        false
    }

    fn origin(&self, notice: &Notice, department: Department) -> Option<String> {
        let own = || department.name().to_owned();
        Some(notice.origin.clone().unwrap_or_else(own))
    }

    fn list_page(&self, listing: &Listing<'_>) -> String {
        // links are written relative to the page, which lies one folder deeper from page 2 on
        let up = if listing.page == 1 { ".." } else { "../.." };
        let mut rows = String::new();
        for (line, (notice, address)) in listing.rows.iter().enumerate() {
            let (title, short) = titles(notice, 24);
            let top = if notice.pinned { "<i>[置顶]</i>" } else { "" };
            let date = notice.date.date();
            let _ = writeln!(
                rows,
                "            <li id=\"line_u8_{line}\"><span>{date}</span>{top}<a href=\"{up}{address}\" title=\"{title}\" target=\"_blank\">{short}</a></li>"
            );
        }
        fill(
            include_str!("../pages/vsb-list.html"),
            &[
                ("header", include_str!("../pages/vsb-header.html")),
                ("footer", include_str!("../pages/vsb-footer.html")),
                ("hot", &hot(&listing.hot, up)),
                (
                    "self",
                    if listing.page == 1 {
                        "tzgg.htm"
                    } else {
                        "../tzgg.htm"
                    },
                ),
                ("rows", &rows),
                ("total", &listing.total.to_string()),
                ("pager", &pager(listing.page, listing.pages)),
            ],
        )
    }

    fn article_page(&self, reading: &Reading<'_>) -> String {
        let notice = reading.notice;
        let author = notice.author.as_ref().map_or(String::new(), |author| {
            format!("作者:{}&nbsp;&nbsp;&nbsp; ", escape(author))
        });
        let origin = self.origin(notice, reading.department).unwrap_or_default();
        fill(
            include_str!("../pages/vsb-article.html"),
            &[
                ("header", include_str!("../pages/vsb-header.html")),
                ("footer", include_str!("../pages/vsb-footer.html")),
                ("title", &escape(&notice.title)),
                ("number", &notice.number.to_string()),
                ("date", &notice.date.date().to_string()),
                ("origin", &escape(&origin)),
                ("author", &author),
                ("body", &self.body(notice)),
                ("attachments", &self.attachments(notice)),
                ("editor", &escape(&notice.editor)),
                ("neighbours", &neighbours(reading)),
                ("hot", &hot(&reading.hot, "../..")),
            ],
        )
    }
}

impl Vsb {
    fn body(&self, notice: &Notice) -> String {
        let mut body = String::new();
        for (place, block) in notice.blocks().iter().enumerate() {
            let class = if place == 0 {
                " class=\"vsbcontent_start\""
            } else {
                ""
            };
            let _ = match block {
                Block::Paragraph(text) => writeln!(body, "<p{class}>{}</p>", escape(text)),
                Block::Heading(text) => {
                    writeln!(body, "<p{class}><strong>{}</strong></p>", escape(text))
                }
                Block::Signature(lines) => {
                    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
                    let right = "<p style=\"text-align: right;\">";
                    writeln!(body, "{right}{}</p>", lines.join(&format!("</p>\n{right}")))
                }
                Block::Table(rows) => writeln!(
                    body,
                    "<table border=\"1\" cellspacing=\"0\" cellpadding=\"0\"><tbody>\n{}</tbody></table>",
                    table_rows(rows, |text| format!("<td><p>{text}</p></td>"))
                ),
                Block::Picture { caption, file } => {
                    let (source, caption) = (self.file(file), escape(caption));
                    writeln!(
                        body,
                        "<p class=\"vsbcontent_img\" style=\"text-align: center;\"><img width=\"640\" height=\"360\" src=\"{source}\" vurl=\"{source}\" orisrc=\"{source}\" class=\"img_vsb_content\"></p>\n<p style=\"text-align: center;\">{caption}</p>"
                    )
                }
                Block::Attachment { .. } => Ok(()),
            };
        }
        body
    }

    fn attachments(&self, notice: &Notice) -> String {
        let mut items = String::new();
        for block in notice.blocks() {
            if let Block::Attachment { title, file } = block {
                let (address, title) = (self.file(file), escape(title));
                let id = address.rsplit('=').next().unwrap_or_default();
                let _ = writeln!(
                    items,
                    "    <li>附件【<a href=\"{address}\" target=\"_blank\">{title}</a>】已下载<span id=\"nattach{id}\"><script language=\"javascript\">getClickTimes({},{OWNER},\"wbnewsfile\",\"attach\")</script></span>次</li>",
                    notice.number
                );
            }
        }
        if items.is_empty() {
            return items;
        }
        format!("<ul style=\"list-style-type:none;\">\n{items}</ul>\n")
    }
}

fn neighbours(reading: &Reading<'_>) -> String {
    let line = |label, near: &Option<(&Notice, String)>| match near {
        // beside this page, so its name is the whole address
        Some((notice, address)) => format!(
            "    <p>{label}：<a href=\"{}\">{}</a></p>\n",
            address.rsplit('/').next().unwrap_or_default(),
            escape(&notice.title)
        ),
        None => String::new(),
    };
    line("上一条", &reading.newer) + &line("下一条", &reading.older)
}

fn hot(notices: &[(&Notice, String)], up: &str) -> String {
    let mut items = String::new();
    for (notice, address) in notices {
        let (title, short) = titles(notice, 14);
        let _ = writeln!(
            items,
            "        <li><a href=\"{up}{address}\" title=\"{title}\">{short}</a></li>"
        );
    }
    items
}

fn pager(page: usize, pages: usize) -> String {
    // relative, as VSB writes them: the first page lies beside the folder of the others
    let address = |to: usize| match (page, to) {
        (1, 1) => "tzgg.htm".to_owned(),
        (_, 1) => "../tzgg.htm".to_owned(),
        (1, to) => format!("tzgg/{}.htm", pages + 1 - to),
        (_, to) => format!("{}.htm", pages + 1 - to),
    };
    let button = |class: &str, to: usize, label: &str| {
        if (1..=pages).contains(&to) && to != page {
            format!(
                "<span class=\"{class} p_fun\"><a href=\"{}\">{label}</a></span>",
                address(to)
            )
        } else {
            format!("<span class=\"{class}_d p_fun_d\">{label}</span>")
        }
    };
    let mut links = "<span class=\"p_pages\">".to_owned();
    links.push_str(&button("p_first", 1, "首页"));
    links.push_str(&button("p_prev", page - 1, "上页"));
    for to in (1..=pages).filter(|to| to.abs_diff(page) < 4) {
        let _ = if to == page {
            write!(links, "<span class=\"p_no_d\">{to}</span>")
        } else {
            write!(
                links,
                "<span class=\"p_no\"><a href=\"{}\">{to}</a></span>",
                address(to)
            )
        };
    }
    links.push_str(&button("p_next", page + 1, "下页"));
    links.push_str(&button("p_last", pages, "尾页"));
    links.push_str("</span>");
    links
}
