//! Content codings (RFC 9110, section 8.4): which one a request wants, and documents in it.

use std::io::Write;

use flate2::{Compression, GzBuilder};

/// zstd's level: half the time of its strongest for nearly its size.
const ZSTD_LEVEL: i32 = 9;
/// Brotli's quality: the strongest, 11, takes five times as long for a tenth less.
const BROTLI_QUALITY: u32 = 5;
/// The window of Brotli, as a power of two.
const BROTLI_WINDOW: u32 = 22;

/// A way in which a document's bytes can be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    pub(super) const ALL: [Self; 4] = [Self::Zstd, Self::Brotli, Self::Gzip, Self::Identity];

    /// Its place in [`Coding::ALL`].
    pub(super) fn place(self) -> usize {
        match self {
            Self::Zstd => 0,
            Self::Brotli => 1,
            Self::Gzip => 2,
            Self::Identity => 3,
        }
    }

    /// As `Content-Encoding` names it; none for bytes as they are.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The one that `Accept-Encoding` asks for (section 12.5.3): the heaviest; among equals the one that is made
    /// fastest of those that pack well. Where none is acceptable the bytes go as they are, as the section allows.
    pub(super) fn wanted(accept_encoding: Option<&str>) -> Self {
        let Some(accepted) = accept_encoding else {
            return Self::Identity;
        };
        let mut weights: [Option<u16>; 4] = [None; 4];
        let mut others = None;
        for part in accepted.split(',') {
            let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight(parameters);
            let name = name.trim();
            if name == "*" {
                others = Some(weight);
            }
            for (place, coding) in weights.iter_mut().zip(Self::ALL) {
                if coding.is_called(name) {
                    *place = Some(weight);
                }
            }
        }
        let mut best = (0, Self::Identity);
        for (weight, coding) in weights.into_iter().zip(Self::ALL) {
            // what is not named is not wanted, but identity, which then comes last
            let weight = weight.or(others).unwrap_or(0);
            if weight > best.0 {
                best = (weight, coding);
            }
        }
        best.1
    }

    fn is_called(self, name: &str) -> bool {
        match self {
            Self::Identity => name.eq_ignore_ascii_case("identity"),
            Self::Gzip => name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip"),
            Self::Brotli => name.eq_ignore_ascii_case("br"),
            Self::Zstd => name.eq_ignore_ascii_case("zstd"),
        }
    }

    /// A document in it. Equal documents give equal bytes.
    pub(super) fn encode(self, document: &[u8]) -> Vec<u8> {
        match self {
            Self::Identity => document.to_vec(),
            Self::Gzip => gzip(document),
            Self::Brotli => brotli(document),
            Self::Zstd => {
                zstd::bulk::compress(document, ZSTD_LEVEL).expect("memory takes what zstd writes")
            }
        }
    }
}

/// The weight of a coding in thousandths; 1 where nothing, or nothing readable, is said.
pub(super) fn weight(parameters: &str) -> u16 {
    let said = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = name.trim().eq_ignore_ascii_case("q").then_some(value)?;
        value.trim().parse::<f32>().ok()
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000; a NaN becomes 0"
    )]
    said.map_or(1000, |q| (q.clamp(0.0, 1.0) * 1000.0).round() as u16)
}

/// Without a time stamp or a name in its header, equal documents give equal bytes.
fn gzip(document: &[u8]) -> Vec<u8> {
    let mut encoder =
        GzBuilder::new().write(Vec::with_capacity(document.len() / 4), Compression::new(6));
    encoder
        .write_all(document)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

fn brotli(document: &[u8]) -> Vec<u8> {
    let packed = Vec::with_capacity(document.len() / 4);
    let mut encoder = brotli::CompressorWriter::new(packed, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder
        .write_all(document)
        .expect("writing to memory does not fail");
    encoder.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_heaviest_coding_is_taken_and_the_fastest_of_equals() {
        let table = [
            ("gzip", Coding::Gzip),
            ("deflate, gzip;q=1.0, *;q=0.5", Coding::Gzip),
            ("gzip, deflate, br", Coding::Brotli),
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("gzip;q=1.0, br;q=0.5, zstd;Q=0.4", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("*", Coding::Zstd),
            ("*, zstd;q=0", Coding::Brotli),
            ("*;q=0.1, gzip;q=0.2", Coding::Gzip),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0, deflate", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("deflate", Coding::Identity),
            ("", Coding::Identity),
            ("GZIP", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("gzip;q=none", Coding::Gzip),
        ];
        for (accepted, expected) in table {
            assert_eq!(Coding::wanted(Some(accepted)), expected, "{accepted}");
        }
        assert_eq!(Coding::wanted(None), Coding::Identity);
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let document = "关于做好2026年普通高等学校招生工作的通知 ]]> \u{1}"
            .repeat(500)
            .into_bytes();
        for coding in Coding::ALL {
            let packed = coding.encode(&document);
            let mut unpacked = Vec::new();
            let mut bytes = packed.as_slice();
            match coding {
                Coding::Identity => unpacked.extend(bytes),
                Coding::Gzip => {
                    let mut reader = flate2::read::GzDecoder::new(bytes);
                    reader.read_to_end(&mut unpacked).unwrap();
                }
                Coding::Brotli => {
                    brotli::BrotliDecompress(&mut bytes, &mut unpacked).unwrap();
                }
                Coding::Zstd => unpacked = zstd::decode_all(bytes).unwrap(),
            }
            assert_eq!(unpacked, document, "{coding:?}");
        }
    }
}
