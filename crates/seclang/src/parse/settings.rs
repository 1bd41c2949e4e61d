//! Directives that apply to all transactions.
use super::directive::{Line, value};
use crate::ast::{EngineMode, Item, Note, OverLimit, Setting};
use crate::fault::{Fault, FaultKind};
use crate::place::{Place, Text};

/// Reads a setting's words.
///
/// # Errors
/// A wrong number of words, or a word that the directive does not take or that asks for what
/// Lockgate does not do.
pub(crate) fn read(known: &'static str, place: &Place, words: &[Text]) -> Result<Line, Fault> {
    let noted = |why| {
        Ok(Line::Note(Note {
            place: place.clone(),
            what: known.to_owned(),
            why,
        }))
    };
    let setting = match (known, words) {
        ("SecResponseBodyMimeType", [_, ..]) => Setting::ResponseTypes(
            words
                .iter()
                .map(|word| word.as_str().to_ascii_lowercase())
                .collect(),
        ),
        ("SecResponseBodyMimeTypesClear", []) => Setting::ResponseTypesClear,
        ("SecUnicodeMapFile", [_, page]) if page.as_str() == "20127" => {
            return noted("the map of code page 20127 is built in");
        }
        ("SecUnicodeMapFile", [_, page]) => {
            return Err(value(page, "20127, the code page that is built in"));
        }
        ("SecUnicodeMapFile", _) => return Err(words_of(known, place, "a file and a code page")),
        (_, [word]) => match one(known, word)? {
            Some(setting) => setting,
            None => return noted("this is how it is here"),
        },
        ("SecResponseBodyMimeTypesClear", _) => return Err(words_of(known, place, "no words")),
        _ => return Err(words_of(known, place, "one word")),
    };
    Ok(Line::Item(Item::Setting(setting)))
}

fn words_of(known: &'static str, place: &Place, takes: &'static str) -> Fault {
    let kind = FaultKind::Words {
        directive: known,
        takes,
    };
    Fault::new(place.clone(), kind)
}

/// A setting of one word; none when the word asks for what is so anyway.
fn one(known: &str, word: &Text) -> Result<Option<Setting>, Fault> {
    let setting = match known {
        "SecRuleEngine" => Setting::Engine(engine_mode(word)?),
        "SecRequestBodyAccess" => Setting::RequestBody(on(word)?),
        "SecResponseBodyAccess" => Setting::ResponseBody(on(word)?),
        "SecRequestBodyLimit" => Setting::RequestBodyMax(bytes(word)?),
        "SecRequestBodyNoFilesLimit" => Setting::RequestBodyNoFilesMax(bytes(word)?),
        "SecRequestBodyLimitAction" => Setting::RequestBodyOver(over(word)?),
        "SecRequestBodyJsonDepthLimit" => Setting::JsonDepthMax(bytes(word)?),
        "SecArgumentsLimit" => Setting::ArgumentsMax(bytes(word)?),
        "SecResponseBodyLimit" => Setting::ResponseBodyMax(bytes(word)?),
        "SecResponseBodyLimitAction" => Setting::ResponseBodyOver(over(word)?),
        "SecComponentSignature" => Setting::Signature(word.as_str().to_owned()),
        "SecArgumentSeparator" => return only(word, "&"),
        "SecCookieFormat" => return only(word, "0"),
        "SecXmlExternalEntity" | "SecXmlParseXmlIntoArgs" | "SecUploadKeepFiles" => {
            return only(word, "Off");
        }
        "SecResponseBodyMimeType" => Setting::ResponseTypes(vec![word.as_str().to_owned()]),
        _ => return Err(value(word, "a word that this directive takes")),
    };
    Ok(Some(setting))
}

fn only(word: &Text, the: &str) -> Result<Option<Setting>, Fault> {
    if word.as_str().eq_ignore_ascii_case(the) {
        Ok(None)
    } else {
        Err(value(word, &format!("`{the}`, the only one supported")))
    }
}

/// `On` or `Off`.
fn on(word: &Text) -> Result<bool, Fault> {
    match word.as_str().to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(value(word, "`On` or `Off`")),
    }
}

/// `On`, `Off` or `DetectionOnly`.
///
/// # Errors
/// Any other word.
pub(crate) fn engine_mode(word: &Text) -> Result<EngineMode, Fault> {
    match word.as_str().to_ascii_lowercase().as_str() {
        "on" => Ok(EngineMode::On),
        "off" => Ok(EngineMode::Off),
        "detectiononly" => Ok(EngineMode::DetectionOnly),
        _ => Err(value(word, "`On`, `Off` or `DetectionOnly`")),
    }
}

fn over(word: &Text) -> Result<OverLimit, Fault> {
    match word.as_str().to_ascii_lowercase().as_str() {
        "reject" => Ok(OverLimit::Reject),
        "processpartial" => Ok(OverLimit::Partial),
        _ => Err(value(word, "`Reject` or `ProcessPartial`")),
    }
}

fn bytes(word: &Text) -> Result<u64, Fault> {
    word.as_str()
        .parse()
        .map_err(|_| value(word, "a whole number"))
}
