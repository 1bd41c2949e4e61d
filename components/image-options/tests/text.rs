//! Options and their text.

use lockgate_image_options::table::TABLE;
use lockgate_image_options::{Fit, Format, Options, Quality};
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    Options::parse(text).unwrap().to_string()
}

fn refusal(text: &str) -> String {
    Options::parse(text).unwrap_err().to_string()
}

#[test]
fn equal_options_have_equal_text() {
    for (given, expected) in [
        ("", ""),
        ("h=600,w=800", "w=800,h=600"),
        ("width=800,fit=inside,q=080", "w=800,q=80"),
        ("w=400,h=300,dpr=2,fit=cover", "w=800,h=600,fit=cover"),
        ("w=3,dpr=1.5", "w=5"),
        ("f=jpg,format_=", "?"),
        ("f=jpg", "f=jpeg"),
        ("g=center", ""),
        ("g=smart", "g=attention"),
        ("g=50p:33.30p", "g=50p:33.3p"),
        ("bg=FFF", "bg=ffffff"),
        ("bg=ff000080", "bg=ff000080"),
        ("blur=1.50,gamma=1", "blur=1.5"),
        ("q=40kb", "q=40960b"),
        ("q=ssim0.980", "q=ssim0.98"),
        ("pad=10:10:10:10", "pad=10"),
        ("pad=1:2:1:2", "pad=1:2"),
        ("crop=10p:0:80p:100", "crop=10p:0:80p:100"),
        ("keep=copyright:icc", "keep=icc:copyright"),
        (
            "wm=logo:w20:o60:southeast:-4_10:tile",
            "wm=logo:southeast:-4_10:o60:w20:tile",
        ),
        ("flip=0,flop=true,still=1", "flop=1,still=1"),
    ] {
        if expected == "?" {
            assert!(Options::parse(given).is_err(), "{given}");
        } else {
            assert_eq!(canonical(given), expected, "{given}");
        }
    }
}

#[test]
fn a_refusal_names_the_option_and_what_it_takes() {
    for (given, expected) in [
        ("w=0", "w takes a whole number of pixels from 1 to 16383"),
        ("w=+5", "w takes a whole number of pixels from 1 to 16383"),
        (
            "width=x",
            "w takes a whole number of pixels from 1 to 16383",
        ),
        (
            "fit=crop",
            "fit takes one of inside, cover, contain, fill, outside, scale-down",
        ),
        ("w=5,width=6", "w is given more than once"),
        (
            "dpr=9",
            "dpr takes a number from 0.5 to 5 with at most two decimals",
        ),
        ("widht=5", "there is no option widht; the nearest is width"),
        ("zzzzzz=5", "there is no option zzzzzz"),
        (
            "w=16000,h=16000,fit=fill",
            "w times h is more than 40000000 pixels",
        ),
    ] {
        assert_eq!(refusal(given), expected, "{given}");
    }
    assert_eq!(
        refusal(&"w=1,".repeat(600)),
        "the options are longer than 2048 bytes"
    );
}

#[test]
fn every_option_refuses_nothing_at_all() {
    for option in TABLE {
        assert!(
            Options::parse(&format!("{}=", option.name)).is_err(),
            "{}",
            option.name
        );
    }
}

#[test]
fn values_mean_what_they_say() {
    let options = Options::parse("w=800,h=600,fit=cover,f=webp,q=ssim0.5,blur=0.3").unwrap();
    assert_eq!((options.width, options.height), (Some(800), Some(600)));
    assert_eq!(options.fit, Fit::Cover);
    assert_eq!(options.format, Some(Format::Webp));
    assert_eq!(options.quality, Some(Quality::Ssim(5_000)));
    assert_eq!(options.blur, Some(30));
}

proptest! {
    #[test]
    fn text_is_read_back(pieces in prop::collection::vec(piece(), 0..8)) {
        let text = pieces.join(",");
        if let Ok(options) = Options::parse(&text) {
            let canonical = options.to_string();
            // Values that change nothing are left out, so not the options but their texts agree.
            let again = Options::parse(&canonical).unwrap();
            prop_assert_eq!(again.to_string(), canonical);
        }
    }

    #[test]
    fn any_text_is_refused_or_read(text in ".{0,200}") {
        let _ = Options::parse(&text);
    }
}

fn piece() -> impl Strategy<Value = String> {
    let name = prop::sample::select(TABLE.iter().map(|option| option.name).collect::<Vec<_>>());
    let value = prop::sample::select(vec![
        "1",
        "0",
        "300",
        "0.5",
        "12.34",
        "cover",
        "north",
        "50p:20p",
        "1:2:3p:4",
        "fff",
        "max",
        "70kb",
        "ssim0.97",
        "small",
        "webp",
        "icc",
        "a/b.png:east:3_-4:o50",
        "45",
        "100",
    ]);
    (name, value).prop_map(|(name, value)| format!("{name}={value}"))
}
