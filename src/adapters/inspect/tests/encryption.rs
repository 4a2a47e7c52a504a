//! PDFs that speak of encryption: some are not encrypted, some ask for more than a password.

use super::{super::fuzzing::file, check_file, hostile::pdf_whose_trailer_says};
use crate::domain::media::FileRefusal;

/// One page, with this in its trailer and perhaps an object 77.
fn one_page(trailer: &str, object: Option<&str>) -> Vec<u8> {
    let mut objects = vec![
        (1, "<</Type/Catalog/Pages 2 0 R>>".to_owned()),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned()),
        (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>".to_owned()),
    ];
    objects.extend(object.map(|object| (77, object.to_owned())));
    let bytes = pdf_whose_trailer_says(&objects, trailer);
    file(&bytes);
    bytes
}

#[test]
fn what_encrypts_with_an_object_that_is_not_there_encrypts_nothing() {
    for (trailer, object) in [
        ("/Encrypt 77 0 R", None),
        ("/Encrypt 77 0 R/ID[<00><00>]", None),
        ("/Encrypt 77 0 R", Some("null")),
        ("/Encrypt null", None),
    ] {
        let found = check_file(&one_page(trailer, object)).map(|verdict| verdict.inspection);
        assert_eq!(found.map(|found| (found.opened, found.pages)), Ok((true, Some(1))), "{trailer} {object:?}");
    }
}

#[test]
fn what_says_nothing_of_how_it_encrypts_cannot_be_read() {
    for (trailer, object) in [
        ("/Encrypt 77 0 R", Some("(secret)")),
        ("/Encrypt 77 0 R", Some("<<>>")),
        ("/Encrypt 3 0 R", None),
        ("/Encrypt<</V 4>>", None),
        ("/Encrypt 5", None),
    ] {
        assert_eq!(check_file(&one_page(trailer, object)), Err(FileRefusal::Unreadable), "{trailer} {object:?}");
    }
}

#[test]
fn what_wants_a_certificate_does_not_ask_for_a_password() {
    for handler in ["/Filter/Adobe.PubSec/V 4/SubFilter/adbe.pkcs7.s5", "/Filter/FooBar/V 9", "/Filter/Adobe.APS"] {
        let told = format!("<<{handler}>>");
        for (trailer, object) in [
            (format!("/Encrypt{told}/ID[<00><00>]"), None),
            ("/Encrypt 77 0 R/ID[<00><00>]".to_owned(), Some(told.as_str())),
        ] {
            assert_eq!(check_file(&one_page(&trailer, object)), Err(FileRefusal::Protected), "{trailer} {object:?}");
        }
    }
}
