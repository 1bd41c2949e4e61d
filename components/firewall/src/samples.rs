//! Deterministic sample data: ordinary browsers, and plausible crawlers by the thousand for benchmarks.

use crate::useragent::{Anchor, UserAgentPatterns};

/// User-Agents of ordinary browsers, apps and search engines. The list compiler avoids to file patterns
/// under windows that occur here; tests and benchmarks use them as traffic that must pass.
pub const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.6668.89 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/115.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0.6723.37 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.41.90;FBBV/611541466;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.5;FBSS/3;FBID/phone;FBLC/en_GB;FBOP/5]",
    "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; Pixel 7 Pro Build/TQ3A.230901.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 Instagram 301.1.0.33.110 Android",
    "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
    "Mozilla/5.0 (Linux; U; Android 12; en-us; Redmi Note 11 Build/SKQ1.211103.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.5.0-gn",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
];

const FIRST: [&str; 48] = [
    "amber", "arctic", "atlas", "azure", "brisk", "cobalt", "copper", "coral", "crimson", "deep",
    "delta", "dusk", "ember", "fathom", "feral", "flint", "frost", "gamma", "granite", "harvest",
    "hidden", "hollow", "indigo", "iron", "ivory", "jade", "keen", "lunar", "maple", "meta",
    "mono", "nimble", "north", "omni", "onyx", "polar", "prime", "quartz", "quick", "raven",
    "rogue", "scarlet", "silent", "solar", "swift", "tidal", "umber", "velvet",
];

const SECOND: [&str; 48] = [
    "ant",
    "badger",
    "beacon",
    "beetle",
    "claw",
    "comb",
    "crane",
    "digger",
    "drone",
    "eagle",
    "ferret",
    "finch",
    "gatherer",
    "grabber",
    "harvester",
    "hawk",
    "heron",
    "hound",
    "index",
    "lens",
    "lynx",
    "mantis",
    "miner",
    "mole",
    "mosquito",
    "net",
    "otter",
    "owl",
    "piper",
    "plough",
    "probe",
    "ranger",
    "reader",
    "reaper",
    "scout",
    "scraper",
    "sifter",
    "snipe",
    "spider",
    "stalker",
    "swarm",
    "thief",
    "trawler",
    "vacuum",
    "viper",
    "wasp",
    "weasel",
    "worm",
];

const KIND: [&str; 8] = [
    "bot", "crawler", "spider", "-agent", "fetch", "-scan", "_monitor", "seeker",
];

/// `count` different crawler patterns, the same ones at every call; a smaller list is the beginning of a
/// larger one. Most are contained names with a version (`SilentHeronBot/4.17`), some are anchored, and none
/// matches anything in [`BROWSERS`].
#[must_use]
pub fn crawlers(count: usize) -> UserAgentPatterns {
    (0..count).map(crawler).collect()
}

/// The `number`-th crawler. The name comes from the number, so that no two are the same; the rest from a hash.
fn crawler(number: usize) -> (Anchor, String) {
    let noise = splitmix(number as u64);
    let mut rest = number;
    let mut pick = |words: &[&'static str]| -> &'static str {
        let word = words.get(rest % words.len()).copied().unwrap_or_default();
        rest /= words.len();
        word
    };
    let (first, second, kind) = (pick(&FIRST), pick(&SECOND), pick(&KIND));
    // Past 18,432 names the major version goes on counting.
    let (major, minor) = (rest + 1, noise % 40);
    match noise >> 60 {
        0 => (
            Anchor::StartsWith,
            format!("{first}{second}{kind}/{major}.{minor}"),
        ),
        1 => (
            Anchor::EndsWith,
            format!("(+https://{first}-{second}{kind}.example/v{major})"),
        ),
        2 => (
            Anchor::Equals,
            format!("{first} {second} {kind} {major}.{minor}"),
        ),
        3 | 4 => (
            Anchor::Contains,
            format!("{kind}-{second}-{first} {major}.{minor}"),
        ),
        _ => (
            Anchor::Contains,
            format!("{}{second}{kind}/{major}.{minor}", capital(first)),
        ),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// SplitMix64 (Steele, Lea, Flood 2014): one step from `state`.
fn splitmix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
