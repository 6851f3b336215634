//! The pictures of a template: files that an admin uploads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::FrozenImage;
use crate::error::{ImageFault, MailTemplateError};

/// Bytes of one picture: what a photograph for a mail has, several times over.
pub const IMAGE_BYTES: usize = 2 * MIB;
/// Bytes of all pictures of one template: with base64 a mail of 7 MB, which is too much for a good
/// mail, and still taken by every mail server.
pub const IMAGES_BYTES: usize = 5 * MIB;
/// Pictures of one template: as many as the command has options for them.
pub const MOST_IMAGES: usize = 5;
/// Characters of a picture's name, which stands in every mail.
const NAME_LENGTH: usize = 40;
const MIB: usize = 1024 * 1024;

/// A file as it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name, such as `Logo.png`.
    pub file: String,
    /// What it is said to be, such as `image/png`.
    pub media_type: Option<String>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Takes what mail programs show, and nothing that only says it is.
pub(super) fn read(uploads: &[Upload]) -> Result<Vec<FrozenImage>, MailTemplateError> {
    let mut images: Vec<FrozenImage> = Vec::with_capacity(uploads.len());
    let mut bytes = 0;
    for upload in uploads {
        let fault = |fault| MailTemplateError::Image {
            file: upload.file.clone(),
            fault,
        };
        if upload.bytes.len() > IMAGE_BYTES {
            let most_mib = IMAGE_BYTES / MIB;
            return Err(fault(ImageFault::TooLarge { most_mib }));
        }
        bytes += upload.bytes.len();
        if bytes > IMAGES_BYTES {
            let most_mib = IMAGES_BYTES / MIB;
            return Err(MailTemplateError::ImagesTooLarge { most_mib });
        }
        let (is, media_type) = kind(&upload.bytes).ok_or_else(|| fault(ImageFault::Kind))?;
        let said = upload.media_type.as_deref().unwrap_or(media_type);
        let said = said.split(';').next().unwrap_or_default().trim();
        let ends = by_ending(&upload.file).unwrap_or(media_type);
        if !said.eq_ignore_ascii_case(media_type) || ends != media_type {
            return Err(fault(ImageFault::OtherKind { is }));
        }
        let name = name(&upload.file).ok_or_else(|| fault(ImageFault::Name))?;
        if images.iter().any(|image| image.name == name) {
            return Err(fault(ImageFault::Repeated));
        }
        images.push(FrozenImage {
            name,
            media_type: media_type.to_owned(),
            base64: STANDARD.encode(&upload.bytes),
        });
    }
    Ok(images)
}

/// What a file is by its first bytes.
fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(("PNG", "image/png")),
        [0xff, 0xd8, 0xff, ..] => Some(("JPEG", "image/jpeg")),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(("GIF", "image/gif")),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(("WebP", "image/webp")),
        _ => None,
    }
}

/// What a file says that it is by its ending, if that says anything.
fn by_ending(file: &str) -> Option<&'static str> {
    let (_, ending) = file.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

/// `Logo.png` is `logo`.
fn name(file: &str) -> Option<String> {
    let (name, _) = file.rsplit_once('.').unwrap_or((file, ""));
    let name = name.to_ascii_lowercase();
    let fits = (1..=NAME_LENGTH).contains(&name.len());
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (fits && name.bytes().all(is_name)).then_some(name)
}

/// By what a picture is known in a mail.
pub(super) fn content_id(name: &str) -> String {
    format!("{name}@timeattack")
}

/// What a picture is saved as.
pub(super) fn file_name(image: &FrozenImage) -> String {
    let ending = match image.media_type.as_str() {
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => "png",
    };
    format!("{}.{ending}", image.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn upload(file: &str, media_type: &str, bytes: &[u8]) -> Upload {
        Upload {
            file: file.to_owned(),
            media_type: (!media_type.is_empty()).then(|| media_type.to_owned()),
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn pictures_are_what_they_are_and_known_by_their_names() {
        let webp = b"RIFF\0\0\0\0WEBPVP8 ";
        let read = read(&[
            upload("Logo.png", "image/png", PNG),
            upload("photo_2.JPG", "image/jpeg; x=y", b"\xff\xd8\xff\xe0"),
            upload("a.gif", "", b"GIF89a"),
            upload("b.webp", "IMAGE/WEBP", webp),
        ]);
        let read = read.unwrap();
        let known: Vec<(&str, &str)> = read
            .iter()
            .map(|image| (image.name.as_str(), image.media_type.as_str()))
            .collect();
        assert_eq!(
            known,
            [
                ("logo", "image/png"),
                ("photo_2", "image/jpeg"),
                ("a", "image/gif"),
                ("b", "image/webp")
            ]
        );
        assert_eq!(STANDARD.decode(&read[0].base64).unwrap(), PNG);
        assert_eq!(file_name(&read[1]), "photo_2.jpg");
    }

    #[test]
    fn what_is_none_is_refused_with_its_name() {
        let refused = |uploads: &[Upload]| match read(uploads) {
            Err(MailTemplateError::Image { fault, .. }) => fault,
            other => panic!("{other:?}"),
        };
        let is = "PNG";
        for (file, media_type) in [("a.jpg", "image/png"), ("a", "image/jpeg"), ("a.gif", "")] {
            let refused = refused(&[upload(file, media_type, PNG)]);
            assert_eq!(refused, ImageFault::OtherKind { is }, "{file}");
        }
        for bytes in [&b"<svg>"[..], b"", b"MZ", b"RIFF0000WAVE"] {
            assert_eq!(
                refused(&[upload("a.png", "image/png", bytes)]),
                ImageFault::Kind
            );
        }
        for name in ["", ".png", "로고.png", "a b.png", "a\"b.png", "a/b.png"] {
            assert_eq!(
                refused(&[upload(name, "", PNG)]),
                ImageFault::Name,
                "{name}"
            );
        }
        let twice = [upload("a.png", "", PNG), upload("A.PNG", "", PNG)];
        assert_eq!(refused(&twice), ImageFault::Repeated);
        let mut large = PNG.to_vec();
        large.resize(IMAGE_BYTES + 1, 0);
        let most_mib = 2;
        assert_eq!(
            refused(&[upload("a.png", "", &large)]),
            ImageFault::TooLarge { most_mib }
        );
        large.pop();
        let three = ["a.png", "b.png", "c.png"].map(|name| upload(name, "", &large));
        let most_mib = 5;
        assert_eq!(
            read(&three),
            Err(MailTemplateError::ImagesTooLarge { most_mib })
        );
    }
}
