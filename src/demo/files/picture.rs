//! Pictures: a school under a sky in PNG, a flow chart in SVG.

use std::{fmt::Write as _, io::Write};

use flate2::{Compression, write::ZlibEncoder};
use xxhash_rust::xxh3::xxh3_64;

use crate::demo::template::escape;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;

/// A PNG (RFC 2083) of a school house; the name decides on colours and house.
pub(super) fn png(name: &str) -> Vec<u8> {
    let seed = xxh3_64(name.as_bytes()).to_le_bytes();
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        rows.push(0); // no filter
        for x in 0..WIDTH {
            rows.extend(pixel(seed, x, y));
        }
    }
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let data = compressed
        .write_all(&rows)
        .and_then(|()| compressed.finish())
        .expect("writing to memory does not fail");

    let mut header = Vec::new();
    header.extend(WIDTH.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]); // eight bits, RGB, not interlaced

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &data);
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("a small picture's data");
    let mut body = kind.to_vec();
    body.extend(data);
    png.extend(length.to_be_bytes());
    png.extend(&body);
    png.extend(crc32fast::hash(&body).to_be_bytes());
}

fn pixel(seed: [u8; 8], x: u32, y: u32) -> [u8; 3] {
    let left = 120 + u32::from(seed[0] % 80);
    let right = left + 260 + u32::from(seed[1] % 60);
    let top = 130 + u32::from(seed[2] % 40);
    let ground = 300 + (x / 40 + u32::from(seed[3])) % 3;
    let inside = (left..right).contains(&x) && (top..ground).contains(&y);
    let (column, row) = (x.wrapping_sub(left) % 52, y.wrapping_sub(top) % 46);
    if inside && (14..38).contains(&column) && (12..34).contains(&row) {
        return [70, 96 + seed[4] % 60, 130];
    }
    if inside {
        return [222, 206 - seed[5] % 50, 170];
    }
    let roof = top.saturating_sub(y);
    if y < top && roof < 34 && (left + roof * 2..right.saturating_sub(roof * 2)).contains(&x) {
        return [150, 60 + seed[6] % 40, 50];
    }
    if y >= ground {
        return [96, 140 + seed[7] % 40, 84];
    }
    let light = u8::try_from(y / 4).unwrap_or(u8::MAX);
    [140 + light, 180 + light / 2, 235]
}

/// An SVG flow chart.
pub(super) fn svg(title: &str) -> Vec<u8> {
    let steps = ["预选", "正选", "退改选", "确认课表"];
    let mut boxes = String::new();
    for (place, step) in steps.iter().enumerate() {
        let x = 20 + place * 150;
        let _ = write!(
            boxes,
            "<rect x=\"{x}\" y=\"60\" width=\"110\" height=\"56\" rx=\"8\" fill=\"#e6f2ec\" stroke=\"#0b6b4a\"/><text x=\"{}\" y=\"94\" text-anchor=\"middle\">{step}</text>",
            x + 55
        );
        if place > 0 {
            let _ = write!(
                boxes,
                "<path d=\"M{} 88h34l-8-6m8 6l-8 6\" fill=\"none\" stroke=\"#0b6b4a\"/>",
                x - 38
            );
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"620\" height=\"160\" font-family=\"sans-serif\" font-size=\"18\"><title>{0}</title><text x=\"310\" y=\"34\" text-anchor=\"middle\">{0}</text>{boxes}</svg>\n",
        escape(title)
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_png_holds_all_its_pixels() {
        let png = png("a.png");
        let length = u32::from_be_bytes(png[33..37].try_into().unwrap()) as usize;
        assert_eq!(&png[37..41], b"IDAT");
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&png[41..41 + length])
            .read_to_end(&mut rows)
            .unwrap();
        assert_eq!(rows.len(), (WIDTH as usize * 3 + 1) * HEIGHT as usize);
        assert!(png.ends_with(b"\0\0\0\0IEND\xaeB`\x82"));
    }

    #[test]
    fn pictures_differ_by_name() {
        assert_ne!(png("a.png"), png("b.png"));
    }
}
