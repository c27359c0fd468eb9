//! Files of an article: attachments, pictures, and what viewers and players show.
//!
//! In: links, images, frames and scripts of a page. Out: absolute addresses with the files' names and media types.
//! A file is told by the ending of its address, or of its link's text where the address is a script's
//! (`download.jsp?wbfileid=…`).

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::Attachment;
use crate::page::{document::Element, links, text};

/// File name endings and their media types.
const TYPES: [(&str, &str); 40] = [
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("docm", "application/vnd.ms-word.document.macroEnabled.12"),
    ("dot", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"),
    ("xlt", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("pps", "application/vnd.ms-powerpoint"),
    (
        "ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ),
    ("wps", "application/vnd.ms-works"),
    ("et", "application/octet-stream"),
    ("dps", "application/octet-stream"),
    ("ofd", "application/ofd"),
    ("hwp", "application/x-hwp"),
    ("hwpx", "application/hwp+zip"),
    ("ceb", "application/octet-stream"),
    ("caj", "application/octet-stream"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("rtf", "application/rtf"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("zip", "application/zip"),
    ("rar", "application/vnd.rar"),
    ("7z", "application/x-7z-compressed"),
    ("gz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("epub", "application/epub+zip"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("mp4", "video/mp4"),
    ("flv", "video/x-flv"),
    ("wmv", "video/x-ms-wmv"),
    ("avi", "video/x-msvideo"),
    ("mov", "video/quicktime"),
    ("apk", "application/vnd.android.package-archive"),
];

/// The media type by a name's ending.
pub fn media_type(name: &str) -> Option<&'static str> {
    let (stem, ending) = name
        .trim_end_matches(['）', ')', ']', '】', '"', '”'])
        .rsplit_once('.')?;
    let ending = ending.trim();
    if stem.is_empty() || ending.len() > 5 {
        return None;
    }
    TYPES
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map(|(_, media)| *media)
}

/// The media type of a file by its address: the path's ending, or that of a parameter (`?file=a.pdf`).
pub fn media_type_of(url: &Url) -> Option<&'static str> {
    media_type(url.path()).or_else(|| {
        let pairs = url.query_pairs().take(20);
        pairs.into_iter().find_map(|(_, value)| media_type(&value))
    })
}

/// Addresses of scripts that hand out files.
fn hands_out_files(address: &str) -> bool {
    static DOWNLOADS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)download(?:attach)?\.(?:jsp|do|action|php|aspx?|ashx)|downloadattachurl|virtual_attach_file\.vsb|/_upload/article/files/|/attachdown|/downfile|/filedown|downloadfile|attachment/download|attachment\.jspx?|/download/")
            .expect("a literal")
    });
    DOWNLOADS.is_match(address)
}

/// Where a link leads: its `href`, or what a script opens where that is none.
pub(super) fn address(link: Element<'_>) -> Option<&str> {
    /// Longer scripts do more than open a file.
    const MOST_BYTES: usize = 300;
    let href = link.attr("href").unwrap_or_default().trim();
    let scripted = href
        .get(..11)
        .is_some_and(|start| start.eq_ignore_ascii_case("javascript:"));
    if !(href.is_empty() || href.starts_with('#') || scripted) {
        return Some(href);
    }
    let scripts = [Some(href).filter(|_| scripted), link.attr("onclick")];
    let opened = scripts
        .into_iter()
        .flatten()
        .filter(|script| {
            script.len() <= MOST_BYTES && (script.contains("open") || script.contains("location"))
        })
        .find_map(|script| {
            script
                .split(['\'', '"'])
                .find(|part| is_file(part) || hands_out_files(part))
        });
    opened.or_else(|| link.attr("href"))
}

/// Whether an address names a file: by its path's ending, or that of a parameter (`dl?f=2024.pdf`).
fn is_file(address: &str) -> bool {
    media_type_in(address).is_some()
}

fn media_type_in(address: &str) -> Option<&'static str> {
    let address = address.split('#').next().unwrap_or_default();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    media_type(path).or_else(|| {
        // a page that shares is told the title, not the file
        let mut pairs = query
            .split('&')
            .take(20)
            .filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| {
            media_type(value).filter(|_| !name.eq_ignore_ascii_case("title"))
        })
    })
}

/// Whether a link's text is the name of a file, and its address not that of a page.
fn is_called_file(href: &str, text: impl FnOnce() -> String) -> Option<&'static str> {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() || path.ends_with('/') || path.contains(".htm") || path.contains(".shtm") {
        return None;
    }
    media_type(&text())
}

/// A first look at a link, without resolving it.
pub(super) fn looks_like_file(link: Element<'_>) -> bool {
    let href = address(link).unwrap_or_default();
    is_file(href)
        || link.attr("download").is_some()
        || link.attr("title").and_then(media_type).is_some() && !href.contains(".htm")
        || hands_out_files(href)
        || is_called_file(href, || text::fold(&link.text())).is_some()
}

/// The file that a link leads to.
pub(super) fn of_link(link: Element<'_>, base: &Url) -> Option<Attachment> {
    let href = address(link)?;
    let name = || text::fold(&link.text());
    let by_address = media_type_in(href);
    let media = by_address.or_else(|| {
        let named = link
            .attr("download")
            .and_then(media_type)
            .or_else(|| link.attr("title").and_then(media_type))
            .or_else(|| link.attr("sudyfile-attr").and_then(quoted_name));
        if hands_out_files(href) {
            named
                .or_else(|| media_type(&name()))
                .or(Some("application/octet-stream"))
        } else {
            // a page may be called `a.doc` in its text
            named
                .filter(|_| !href.contains(".htm"))
                .or_else(|| is_called_file(href, name))
        }
    })?;
    let url = links::resolve(base, href)?;
    let title = [
        name(),
        link.attr("title").map(text::fold).unwrap_or_default(),
        file_name(&url),
    ]
    .into_iter()
    .find(|title| !title.is_empty())
    .unwrap_or_default();
    Some(Attachment {
        url,
        title,
        media_type: media.to_owned(),
    })
}

/// `{'title':'附件.pdf'}`
fn quoted_name(attribute: &str) -> Option<&'static str> {
    attribute.split(['\'', '"']).find_map(media_type)
}

/// The last segment of an address's path, decoded.
pub fn file_name(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back())
        .unwrap_or_default();
    let query = format!("n={}", last.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, name)| text::fold(&name))
        .unwrap_or_default()
}

/// A file as an attachment under its own name.
pub(super) fn attachment(url: Url, title: &str) -> Attachment {
    let media = media_type_of(&url)
        .unwrap_or("application/octet-stream")
        .to_owned();
    let title = text::fold(title);
    Attachment {
        title: if title.is_empty() {
            file_name(&url)
        } else {
            title
        },
        media_type: media,
        url,
    }
}

/// The address of a picture: `src`, or what scripts load later where that is only a stand-in.
pub(super) fn picture(image: Element<'_>, base: &Url) -> Option<Url> {
    const LATER: [&str; 12] = [
        "data-original",
        "data-src",
        "data-lazy-src",
        "data-lazyload",
        "data-lazy",
        "data-actualsrc",
        "data-url",
        "_src",
        "orisrc",
        "lazy-src",
        "original",
        "zoomfile",
    ];
    static STAND_IN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)load|lazy|blank|spacer|placeholder|gr[ae]y\.|pixel|transparent|1x1|default|nopic|none\.|^$").expect("a literal")
    });
    let src = image.attr("src").unwrap_or_default().trim();
    let later = || {
        LATER
            .iter()
            .find_map(|name| image.attr(name).filter(|value| !value.trim().is_empty()))
    };
    let file = src.rsplit('/').next().unwrap_or_default();
    let stands_in = src.is_empty() || src.starts_with("data:") || STAND_IN.is_match(file);
    let chosen = if stands_in {
        later().unwrap_or(src)
    } else {
        src
    };
    let first_of_set = || {
        image
            .attr("srcset")
            .and_then(|set| set.split([' ', ',']).find(|part| !part.is_empty()))
    };
    let chosen = if chosen.is_empty() {
        first_of_set()?
    } else {
        chosen
    };
    if is_icon(image, chosen) {
        return None;
    }
    links::resolve(base, chosen)
}

/// Icons of file types, one-pixel counters, smileys of editors.
fn is_icon(image: Element<'_>, src: &str) -> bool {
    static ICONS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)filetypeimages|fileicon|file_?type|/icons?/|/ico/|icon_(?:doc|docx|xls|xlsx|pdf|ppt|rar|zip|txt|jpg|mp3|mv|psd|chm|swf|default)|/_ico/|sysimage/icon|ueditor/dialogs|/ewebeditor/sysimage|/emot|img/addon\.gif$|(?:^|/)logo\.(?:gif|png)$|dot\.gif$|/count|/stat\.")
            .expect("a literal")
    });
    let at_most = |name: &str, most: u32| {
        image
            .attr(name)
            .and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok())
            .is_some_and(|size| size <= most)
    };
    ICONS.is_match(src)
        || at_most("width", 3)
        || at_most("height", 3)
        || at_most("width", 24) && at_most("height", 24)
}

static PLAYERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)video|player|youku|bilibili|youtube|vimeo|dailymotion|iqiyi|tudou|v\.qq\.com|\.m3u8|\.swf|\.webm|\.ogv")
        .expect("a literal")
});

/// A first look at a frame or a player: whether it shows a file or a film, and not the site's own furniture.
pub(super) fn is_shown(element: Element<'_>) -> bool {
    element.is_any(&["video", "audio"])
        || element.attr("pdfsrc").is_some()
        || ["src", "data", "data-src", "sudy-wp-src"]
            .iter()
            .any(|name| {
                element.attr(name).is_some_and(|address| {
                    address
                        .split(['?', '&', '=', '#'])
                        .any(|part| media_type(part).is_some())
                        || PLAYERS.is_match(address)
                })
            })
        || element.name() == "object" && element.children().next().is_some()
}

/// What a frame, a player or a viewer shows: its address, and whether that is a file.
pub(super) fn embedded(element: Element<'_>, base: &Url) -> Option<(Url, bool)> {
    let source = || {
        element
            .children()
            .find_map(|child| child.attr("src").or_else(|| child.attr("value")))
    };
    let address = ["pdfsrc", "src", "data", "data-src", "sudy-wp-src"]
        .iter()
        .find_map(|name| element.attr(name).filter(|value| !value.trim().is_empty()))
        .or_else(source)?;
    let url = links::resolve(base, address)?;
    // pdf.js and its like: viewer.html?file=/a.pdf
    let inner = url
        .query_pairs()
        .take(20)
        .find(|(_, value)| media_type(value).is_some())
        .map(|(_, value)| value.into_owned());
    if let Some(inner) = inner.filter(|_| media_type(url.path()).is_none()) {
        return Some((links::resolve(&url, &inner)?, true));
    }
    if media_type(url.path()).is_some() {
        return Some((url, true));
    }
    let playing = element.is_any(&["video", "audio"]) || PLAYERS.is_match(url.as_str());
    playing.then_some((url, false))
}

/// Scripts that show a file: VSB's viewers for PDF and video, and common libraries.
static VIEWERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:showVsbpdfIframe|showpdf|pdfobject\.embed|viewpdf|pdfviewer|openpdf)\w*\s*\(\s*["']([^"']+)["']|showVsbVideo\w*\s*\(\s*(?:["'][^"']*["']\s*,\s*)?["']([^"']+\.\w{2,4})["']"#)
        .expect("a literal")
});

/// Whether a script shows a file.
pub(super) fn is_viewer(script: &str) -> bool {
    /// Longer ones are libraries.
    const MOST_BYTES: usize = 20_000;
    script.len() <= MOST_BYTES
        && ["pdf", "PDF", "Pdf", "Video"]
            .iter()
            .any(|word| script.contains(word))
        && VIEWERS.is_match(script)
}

/// The file that a script shows: `showVsbpdfIframe("/a.pdf", …)`.
pub(super) fn shown_by_script(script: &str, base: &Url) -> Option<Url> {
    if !is_viewer(script) {
        return None;
    }
    let found = VIEWERS.captures(script)?;
    links::resolve(base, found.iter().skip(1).flatten().next()?.as_str())
}
