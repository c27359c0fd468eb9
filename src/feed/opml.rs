//! OPML 2.0 (opml.org): the feeds that are published, by group; and the feeds that another program's list names.

use quick_xml::{
    Reader, Writer,
    escape::unescape,
    events::{BytesDecl, BytesStart, Event},
};

use super::xml::clean;

/// A feed in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its title.
    pub title: String,
    /// Its RSS address.
    pub feed: String,
    /// The page that it is made of.
    pub home: String,
    /// Its groups; a feed in none stands at the top level.
    pub groups: Vec<String>,
}

/// The feeds that a list names, each once, with the names of the outlines that they stand in as groups.
///
/// # Errors
/// In words: it is no XML, or no OPML.
pub fn parse(text: &str) -> Result<Vec<Outline>, String> {
    let mut reader = Reader::from_str(text);
    // programs write `&` as it is
    reader.config_mut().allow_dangling_amp = true;
    let mut found: Vec<Outline> = Vec::new();
    // none for an outline that is a feed
    let mut open: Vec<Option<String>> = Vec::new();
    let mut is_opml = false;
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = reader.error_position();
            format!("it is no XML: {error} at byte {at}")
        })?;
        match event {
            Event::Start(element) if is_called(&element, "outline") => {
                let outline = Attributes::of(&element);
                open.push(outline.name.clone().filter(|_| outline.feed.is_none()));
                outline.add(&mut found, &open);
            }
            Event::Empty(element) if is_called(&element, "outline") => {
                Attributes::of(&element).add(&mut found, &open);
            }
            Event::Start(element) => is_opml |= is_called(&element, "opml"),
            Event::End(element) if element.name().as_ref().eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !is_opml {
        return Err("it is no OPML: expected an element `opml`".to_owned());
    }
    Ok(found)
}

fn is_called(element: &BytesStart<'_>, name: &str) -> bool {
    element.name().as_ref().eq_ignore_ascii_case(name)
}

/// What an outline says of itself.
#[derive(Default)]
struct Attributes {
    name: Option<String>,
    feed: Option<String>,
    home: String,
}

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Self {
        let mut said = Self::default();
        let mut text = None;
        // and leave quotation marks away
        for attribute in element.html_attributes().flatten() {
            let value = unescaped(&attribute.value);
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            if value.is_empty() {
                continue;
            }
            // programs do not agree on capitals
            match attribute.key.as_ref().to_ascii_lowercase().as_str() {
                "xmlurl" => said.feed = Some(value),
                "htmlurl" => said.home = value,
                "title" => said.name = Some(value),
                "text" => text = Some(value),
                _ => {}
            }
        }
        said.name = said.name.or(text);
        said
    }

    fn add(self, found: &mut Vec<Outline>, open: &[Option<String>]) {
        let Some(feed) = self.feed else { return };
        let groups = open.iter().flatten().cloned();
        match found.iter_mut().find(|outline| outline.feed == feed) {
            Some(known) => {
                for group in groups {
                    if !known.groups.contains(&group) {
                        known.groups.push(group);
                    }
                }
            }
            None => found.push(Outline {
                title: self.name.unwrap_or_default(),
                feed,
                home: self.home,
                groups: groups.collect(),
            }),
        }
    }
}

/// A text with its entities read; what is none, such as the `&` of an address, stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // the first that may end it
        let end = rest.find([';', '=', ' ']).map_or(0, |end| end + 1);
        match unescape(&rest[..end]) {
            Ok(read) if end > 0 && rest[..end].ends_with(';') => {
                out.push_str(&read);
                rest = &rest[end..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The document's bytes: feeds without a group first, then each group in the order of its first feed.
#[expect(clippy::missing_panics_doc, reason = "writing to memory does not fail")]
pub fn render(title: &str, outlines: &[Outline]) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, title, outlines).expect("writing to memory does not fail");
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn write(writer: &mut Writer<Vec<u8>>, title: &str, outlines: &[Outline]) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("opml")
        .with_attribute(("version", "2.0"))
        .write_inner_content(|writer| {
            writer
                .create_element("head")
                .write_inner_content(|writer| {
                    writer
                        .create_element("title")
                        .write_text_content(quick_xml::events::BytesText::new(&clean(title)))?;
                    Ok(())
                })?;
            writer
                .create_element("body")
                .write_inner_content(|writer| body(writer, outlines))?;
            Ok(())
        })?;
    Ok(())
}

fn body(writer: &mut Writer<Vec<u8>>, outlines: &[Outline]) -> std::io::Result<()> {
    for outline in outlines.iter().filter(|outline| outline.groups.is_empty()) {
        feed(writer, outline)?;
    }
    let mut groups: Vec<&String> = Vec::new();
    for group in outlines.iter().flat_map(|outline| &outline.groups) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        let name = clean(group);
        writer
            .create_element("outline")
            .with_attributes([("text", name.as_ref()), ("title", name.as_ref())])
            .write_inner_content(|writer| {
                outlines
                    .iter()
                    .filter(|outline| outline.groups.contains(group))
                    .try_for_each(|outline| feed(writer, outline))
            })?;
    }
    Ok(())
}

fn feed(writer: &mut Writer<Vec<u8>>, outline: &Outline) -> std::io::Result<()> {
    let title = clean(&outline.title);
    writer
        .create_element("outline")
        .with_attributes([
            ("type", "rss"),
            ("text", title.as_ref()),
            ("title", title.as_ref()),
            ("xmlUrl", &outline.feed),
            ("htmlUrl", &outline.home),
        ])
        .write_empty()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_other_programs_are_understood() {
        let text = r#"<?xml version="1.0"?><opml version="1.0"><head><title>x</title></head><body>
            <outline text="学校 &amp; 部门"><outline text="a" title="A 校" type="rss" xmlUrl="https://a.example/rss?x=1&amp;y=2" htmlUrl="https://a.example/"/>
              <outline text="教务"><outline text="b" xmlurl="https://b.example/"></outline></outline></outline>
            <outline text="again" xmlUrl="https://b.example/"/><outline text="no feed"/></body></opml>"#;
        let outline = |title: &str, feed: &str, home: &str, groups: &[&str]| Outline {
            title: title.into(),
            feed: feed.into(),
            home: home.into(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let expected = [
            outline(
                "A 校",
                "https://a.example/rss?x=1&y=2",
                "https://a.example/",
                &["学校 & 部门"],
            ),
            outline("b", "https://b.example/", "", &["学校 & 部门", "教务"]),
        ];
        assert_eq!(parse(text).unwrap(), expected);
        // and what this program writes
        assert_eq!(
            parse(&String::from_utf8(render("t", &expected)).unwrap()).unwrap(),
            expected
        );
        assert!(parse("<html></html>").unwrap_err().contains("no OPML"));
        assert!(
            parse("<opml><outline></opml>")
                .unwrap_err()
                .contains("no XML")
        );
    }
}
