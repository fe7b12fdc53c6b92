//! Makes a small PNG of a PNG or JPEG.
//!
//! The picture keeps its proportions and is never enlarged: one that is narrower than asked for
//! comes back in its own size. A JPEG's EXIF orientation is applied, because the thumbnail carries
//! no EXIF that would say it.
//!
//! A few hundred bytes can claim to be a picture of gigabytes, so the size in the header is checked
//! before anything is decoded, and the decoder may allocate only so much.

use std::io::{self, Cursor, Read, Write};

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

/// Width in pixels if the query does not say.
pub const DEFAULT_WIDTH: u32 = 128;
/// Greatest width that can be asked for.
pub const MAX_WIDTH: u32 = 2_048;
/// Most pixels of the picture given.
pub const MAX_PIXELS: u64 = 16 * 1024 * 1024;
/// Most bytes the decoder may allocate: [`MAX_PIXELS`] of four bytes.
const MAX_ALLOC: u64 = 4 * MAX_PIXELS;

/// Why there is no thumbnail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query asks for something impossible.
    #[error("`width` must be a whole number from 1 to {MAX_WIDTH}, not `{0}`")]
    InvalidWidth(String),
    /// Neither PNG nor JPEG.
    #[error("the input is neither PNG nor JPEG")]
    UnknownFormat,
    /// More pixels than allowed.
    #[error("the picture has {width} × {height} pixels, more than {MAX_PIXELS} in all")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The picture is damaged or needs too much memory.
    #[error("cannot decode the picture: {0}")]
    Undecodable(#[source] ImageError),
    /// The thumbnail cannot be written as PNG.
    #[error("cannot encode the thumbnail: {0}")]
    Unencodable(#[source] ImageError),
    /// Input or output failed.
    #[error("cannot read the input or write the output: {0}")]
    Io(#[from] io::Error),
}

/// Reads a picture and writes its thumbnail as PNG.
pub fn run(query: &str, mut input: impl Read, mut output: impl Write) -> Result<(), Error> {
    let width = parse_width(query)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let png = thumbnail(&bytes, width)?;
    output.write_all(&png)?;
    Ok(output.flush()?)
}

/// Reads `width=N` out of a query; what else stands there is ignored.
pub fn parse_width(query: &str) -> Result<u32, Error> {
    let Some(value) = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("width="))
    else {
        return Ok(DEFAULT_WIDTH);
    };
    match value.parse() {
        Ok(width @ 1..=MAX_WIDTH) => Ok(width),
        _ => Err(Error::InvalidWidth(value.to_owned())),
    }
}

/// A PNG of at most `width` pixels across, of the picture in `bytes`.
pub fn thumbnail(bytes: &[u8], width: u32) -> Result<Vec<u8>, Error> {
    let (picture, orientation) = decode(bytes)?;
    let mut small = shrink(picture, orientation, width);
    small.apply_orientation(orientation);
    let small = match small.color().has_alpha() {
        true => DynamicImage::from(small.into_rgba8()),
        false => DynamicImage::from(small.into_rgb8()),
    };
    let mut png = Cursor::new(Vec::new());
    small
        .write_to(&mut png, ImageFormat::Png)
        .map_err(Error::Unencodable)?;
    Ok(png.into_inner())
}

fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation), Error> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(Error::UnknownFormat);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(Error::Undecodable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::TooManyPixels { width, height });
    }
    let orientation = decoder.orientation().map_err(Error::Undecodable)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(Error::Undecodable)?;
    Ok((picture, orientation))
}

/// Shrinks before turning, so that only the small picture is turned.
fn shrink(picture: DynamicImage, orientation: Orientation, width: u32) -> DynamicImage {
    let (across, down) = (picture.width(), picture.height());
    let (across, down) = match is_on_its_side(orientation) {
        true => {
            let (down, across) = fit(down, across, width);
            (across, down)
        }
        false => fit(across, down, width),
    };
    if (across, down) == (picture.width(), picture.height()) {
        return picture;
    }
    picture.resize_exact(across, down, FilterType::CatmullRom)
}

fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The size at most `limit` across, in proportion, each side at least one pixel.
fn fit(across: u32, down: u32, limit: u32) -> (u32, u32) {
    if across <= limit {
        return (across, down);
    }
    let (across, down, limit) = (u64::from(across), u64::from(down), u64::from(limit));
    // Rounded to the nearest; less than `down`, so it fits.
    let height = (down * limit + across / 2) / across;
    (limit as u32, height.max(1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_keeps_proportions_and_never_enlarges() {
        for (across, down, limit, expected) in [
            (600, 400, 128, (128, 85)),
            (400, 600, 128, (128, 192)),
            (100, 50, 128, (100, 50)),
            (128, 1, 128, (128, 1)),
            (10_000, 1, 10, (10, 1)),
            (u32::MAX, u32::MAX, 1, (1, 1)),
        ] {
            assert_eq!(fit(across, down, limit), expected);
        }
    }

    #[test]
    fn parse_width_takes_the_default_and_numbers_within_bounds() {
        for (query, width) in [
            ("", 128),
            ("a=b", 128),
            ("width=1", 1),
            ("x&width=2048", 2_048),
        ] {
            assert_eq!(parse_width(query).unwrap(), width, "{query}");
        }
    }

    #[test]
    fn parse_width_refuses_what_is_no_number_within_bounds() {
        for query in ["width=", "width=0", "width=2049", "width=-1", "width=1e2"] {
            assert!(
                matches!(parse_width(query), Err(Error::InvalidWidth(_))),
                "{query}"
            );
        }
    }
}
