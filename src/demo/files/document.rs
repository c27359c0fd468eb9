//! Documents of one page: a PDF with Chinese text in a font that every viewer has, a DOCX as the three files it needs.

use std::fmt::Write as _;

use crate::demo::template::escape;

/// The line below each document's title.
const NOTE: &str = "本文件为演示而虚构，内容仅作示例。";

/// A PDF 1.4 with its title and a line of text.
///
/// Its font is one of the Adobe-GB1 fonts that need not be embedded (PDF 1.4, section 5.6.3).
pub(super) fn pdf(title: &str) -> Vec<u8> {
    let name = title.rsplit_once('.').map_or(title, |(name, _)| name);
    let text = format!(
        "BT /F1 16 Tf 60 760 Td <{}> Tj 0 -32 Td /F1 11 Tf <{}> Tj ET",
        utf16(name),
        utf16(NOTE)
    );
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>\nstream\n{text}\nendstream", text.len()),
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>".to_owned(),
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/FontDescriptor 7 0 R>>".to_owned(),
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>".to_owned(),
        format!("<</Title<FEFF{}>>>", utf16(name)),
    ];
    let mut pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = String::new();
    for (number, object) in objects.iter().enumerate() {
        let _ = writeln!(places, "{:010} 00000 n ", pdf.len());
        pdf.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
    }
    let (start, size) = (pdf.len(), objects.len() + 1);
    pdf.extend(
        format!(
            "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<</Size {size}/Root 1 0 R/Info 8 0 R>>\nstartxref\n{start}\n%%EOF\n"
        )
        .bytes(),
    );
    pdf
}

fn utf16(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut hex, unit| {
        let _ = write!(hex, "{unit:04X}");
        hex
    })
}

/// A DOCX (ISO/IEC 29500) with its title and a line of text.
pub(super) fn docx(title: &str) -> Vec<u8> {
    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let name = title.rsplit_once('.').map_or(title, |(name, _)| name);
    let paragraph = |text: &str| format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", escape(text));
    let types = format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let relations = format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>"
    );
    let document = format!(
        "{XML}<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{}{}</w:body></w:document>",
        paragraph(name),
        paragraph(NOTE)
    );
    zip(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", &relations),
        ("word/document.xml", &document),
    ])
}

/// A ZIP archive of uncompressed files (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let small = |length: usize| u32::try_from(length).expect("the texts above are short");
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut facts = Vec::new();
        // version 2.0, no flags, stored, 1 January 2026
        for field in [20_u16, 0, 0, 0, (2026 - 1980) << 9 | 1 << 5 | 1] {
            facts.extend(field.to_le_bytes());
        }
        let length = small(text.len());
        for field in [crc32fast::hash(text.as_bytes()), length, length] {
            facts.extend(field.to_le_bytes());
        }
        facts.extend(small(name.len()).to_le_bytes()); // two fields: the name's length, and no extra field
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend(small(archive.len()).to_le_bytes());
        directory.extend(name.bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(facts);
        archive.extend(name.bytes());
        archive.extend(text.bytes());
    }
    let start = small(archive.len());
    let count = u16::try_from(files.len())
        .expect("three files")
        .to_le_bytes();
    let size = small(directory.len());
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_says_where_its_objects_lie() {
        let pdf = pdf("校历.pdf");
        let text = String::from_utf8_lossy(&pdf).into_owned();
        let start = text.rsplit("startxref\n").next().unwrap();
        let start: usize = start.lines().next().unwrap().parse().unwrap();
        assert!(pdf[start..].starts_with(b"xref\n0 9\n"));
        let table = String::from_utf8_lossy(&pdf[start..]).into_owned();
        for (number, line) in table.lines().skip(3).take(8).enumerate() {
            let place: usize = line[..10].parse().unwrap();
            let object = format!("{} 0 obj", number + 1);
            assert!(pdf[place..].starts_with(object.as_bytes()), "{object}");
        }
    }

    #[test]
    fn a_docx_is_an_archive_of_three_files() {
        let docx = docx("表.docx");
        let end = &docx[docx.len() - 22..];
        assert!(end.starts_with(b"PK\x05\x06"));
        assert_eq!(end[10], 3);
        let start = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
        assert!(docx[start..].starts_with(b"PK\x01\x02"));
    }
}
