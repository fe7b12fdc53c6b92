//! Real and hostile pictures, from bytes to bytes.

use std::io::Cursor;

use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use thumbnail::{run, thumbnail, Error};

const PHOTOGRAPH: &[u8] = include_bytes!("../../inputs/coffee.jpg");
const RED: Rgb<u8> = Rgb([200, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 200]);

/// A picture, red in its left half and blue in its right.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE }).into()
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decode(png: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(png, ImageFormat::Png).unwrap()
}

/// A JPEG whose EXIF says how to turn it, by number 1 to 8.
fn jpeg_with_orientation(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let jpeg = encode(picture, ImageFormat::Jpeg);
    // Little-endian TIFF with one entry: tag 0x0112, type SHORT, one value.
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let (start, rest) = jpeg.split_at(2);
    [start, &[0xff, 0xe1], &length, &exif, rest].concat()
}

/// The header of a PNG of this size, with nothing behind it.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut png = encode(&two_halves(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&checksum);
    png
}

/// CRC-32 of PNG (RFC 2083 §15), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            }
        })
    })
}

fn is_reddish(pixel: Rgba<u8>) -> bool {
    pixel[0] > 150 && pixel[2] < 80
}

#[test]
fn photograph_comes_back_small_as_png() {
    let mut png = Vec::new();
    run("width=96", PHOTOGRAPH, &mut png).unwrap();
    let small = decode(&png);
    assert_eq!(small.dimensions(), (96, 64));
    assert!(png.len() < PHOTOGRAPH.len() / 2);
    // Its mean colour is that of the whole: it is the same picture, and neither black nor torn.
    let whole = image::load_from_memory(PHOTOGRAPH).unwrap();
    let mean = |picture: &DynamicImage| {
        let (mut sum, rgb) = ([0u64; 3], picture.to_rgb8());
        for pixel in rgb.pixels() {
            for (total, value) in sum.iter_mut().zip(pixel.0) {
                *total += u64::from(value);
            }
        }
        sum.map(|total| (total / u64::from(rgb.width() * rgb.height())) as i64)
    };
    for (a, b) in mean(&small).into_iter().zip(mean(&whole)) {
        assert!((a - b).abs() <= 3, "{a} {b}");
    }
}

#[test]
fn thumbnail_of_the_same_picture_is_the_same_each_time() {
    assert_eq!(
        thumbnail(PHOTOGRAPH, 50).unwrap(),
        thumbnail(PHOTOGRAPH, 50).unwrap()
    );
}

#[test]
fn narrow_picture_keeps_its_size_and_pixels() {
    let picture = two_halves(20, 10);
    let png = thumbnail(&encode(&picture, ImageFormat::Png), 128).unwrap();
    assert_eq!(decode(&png), picture);
}

#[test]
fn transparency_and_sixteen_bits_are_kept_or_brought_to_eight() {
    let clear = DynamicImage::from(RgbaImage::from_pixel(40, 40, Rgba([9, 9, 9, 0])));
    let small = decode(&thumbnail(&encode(&clear, ImageFormat::Png), 10).unwrap());
    assert_eq!(small.get_pixel(5, 5)[3], 0);
    let deep = DynamicImage::from(two_halves(40, 40).to_rgb16());
    let small = decode(&thumbnail(&encode(&deep, ImageFormat::Png), 10).unwrap());
    assert_eq!(small.color(), image::ColorType::Rgb8);
    assert!(is_reddish(small.get_pixel(0, 5)));
}

#[test]
fn orientation_is_applied_and_the_width_is_that_of_the_turned_picture() {
    let picture = two_halves(80, 40);
    // Where red is afterwards: EXIF 2.3, tag 0x0112.
    for (orientation, size, red) in [
        (1, (20, 10), (1, 5)),
        (2, (20, 10), (18, 5)),
        (3, (20, 10), (18, 5)),
        (6, (20, 40), (10, 1)),
        (8, (20, 40), (10, 38)),
    ] {
        let png = thumbnail(&jpeg_with_orientation(&picture, orientation), 20).unwrap();
        let small = decode(&png);
        assert_eq!(small.dimensions(), size, "orientation {orientation}");
        assert!(
            is_reddish(small.get_pixel(red.0, red.1)),
            "orientation {orientation}"
        );
    }
}

#[test]
fn picture_that_claims_to_be_huge_is_refused_before_decoding() {
    for (width, height) in [(100_000, 100_000), (4_097, 4_096)] {
        let error = thumbnail(&png_header(width, height), 10).unwrap_err();
        assert!(
            matches!(error, Error::TooManyPixels { .. } | Error::Undecodable(_)),
            "{error}"
        );
        assert!(error.to_string().len() < 200);
    }
}

#[test]
fn damaged_and_foreign_input_is_refused() {
    let png = encode(&two_halves(40, 40), ImageFormat::Png);
    let cut = &png[..png.len() / 2];
    assert!(matches!(thumbnail(cut, 10), Err(Error::Undecodable(_))));
    for bytes in [&b""[..], b"hello", b"GIF89a\x01\0\x01\0\0\0\0;", b"<svg/>"] {
        assert!(matches!(thumbnail(bytes, 10), Err(Error::UnknownFormat)));
    }
}

#[test]
fn impossible_width_is_refused_before_the_input_is_read() {
    let mut output = Vec::new();
    let error = run("width=0", PHOTOGRAPH, &mut output).unwrap_err();
    assert!(matches!(error, Error::InvalidWidth(_)));
    assert!(output.is_empty());
}
