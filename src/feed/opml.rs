//! OPML 2.0 (opml.org): the feeds that are published, by group.

use quick_xml::{
    Writer,
    events::{BytesDecl, Event},
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
