//! Damaged and made-up tables: refused at load, or harmless. Never a panic, never a pattern lost unseen.

use lockgate_firewall::samples::crawlers;
use lockgate_firewall::useragent::{Anchor, Found};
use lockgate_firewall::{IpSet, IpSetBuilder, UserAgentList, UserAgentPatterns};
use proptest::prelude::*;
use std::sync::LazyLock;

/// A list in which every kind of index is in use.
static PATTERNS: LazyLock<UserAgentPatterns> = LazyLock::new(|| {
    let mut patterns = crawlers(60);
    for text in ["#", "x1", "zgr", "curl", "nikto/"] {
        patterns.push(Anchor::Contains, text);
    }
    patterns
});

static LIST: LazyLock<Vec<u8>> = LazyLock::new(|| PATTERNS.compile().unwrap().bytes);

static SET: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = IpSetBuilder::new();
    for text in [
        "10.0.0.0/8",
        "192.0.2.0/24",
        "198.51.100.7",
        "2001:db8::/32",
        "fe80::1",
    ] {
        builder.add_text(text).unwrap();
    }
    builder.compile().unwrap()
});

/// How many of the patterns a loaded list does not find.
fn lost(list: &UserAgentList) -> usize {
    let found = |text: &str| matches!(list.find_in(text.as_bytes()), Found::Pattern(_));
    PATTERNS.iter().filter(|(_, text)| !found(text)).count()
}

#[test]
fn every_single_flipped_bit_is_refused_or_harmless() {
    let mut loaded = 0;
    for at in 0..LIST.len() {
        for bit in 0..8 {
            let mut bytes = LIST.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(list) = UserAgentList::load(bytes) {
                loaded += 1;
                // A flipped text or boundary changes that pattern, perhaps its neighbour; nothing else.
                assert!(
                    lost(&list) <= 2,
                    "bit {bit} of byte {at}: {} patterns lost",
                    lost(&list)
                );
            }
        }
    }
    println!("{loaded} of {} flips load", LIST.len() * 8);
}

#[test]
fn every_shortened_table_is_refused() {
    for length in 0..LIST.len() {
        assert!(
            UserAgentList::load(LIST[..length].to_vec()).is_err(),
            "{length}"
        );
    }
    for length in 0..SET.len() {
        assert!(IpSet::load(SET[..length].to_vec()).is_err(), "{length}");
    }
    for table in [&*LIST, &*SET] {
        let longer = [table.as_slice(), &[0]].concat();
        assert!(UserAgentList::load(longer.clone()).is_err() && IpSet::load(longer).is_err());
    }
    assert!(UserAgentList::load(SET.clone()).is_err() && IpSet::load(LIST.clone()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_changes_neither_panic_nor_hang(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        agent in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let (mut list, mut set) = (LIST.clone(), SET.clone());
        for (at, byte) in &changes {
            let (list_at, set_at) = (at.index(list.len()), at.index(set.len()));
            list[list_at] = *byte;
            set[set_at] = *byte;
        }
        if let Ok(list) = UserAgentList::load(list) {
            prop_assert!(list.find_in(&agent) != Found::Oversize);
            lost(&list);
        }
        if let Ok(set) = IpSet::load(set) {
            for text in ["10.1.2.3", "192.0.2.1", "2001:db8::1", "255.255.255.255", "::"] {
                std::hint::black_box(set.contains(text.parse().unwrap()));
            }
        }
    }

    #[test]
    fn sections_of_noise_neither_panic_nor_hang(
        list in any::<bool>(),
        sections in prop::collection::vec(prop::collection::vec(0..4_u8, 0..48), 0..24),
        agent in prop::collection::vec(0..4_u8, 0..64),
    ) {
        let mut bytes = if list { b"LGUA".to_vec() } else { b"LGIP".to_vec() };
        bytes.extend_from_slice(&1_u32.to_le_bytes());
        for section in &sections {
            bytes.extend_from_slice(&(section.len() as u32).to_le_bytes());
            bytes.extend_from_slice(section);
        }
        if let Ok(list) = UserAgentList::load(bytes.clone()) {
            std::hint::black_box(list.find_in(&agent));
        }
        if let Ok(set) = IpSet::load(bytes) {
            std::hint::black_box(set.contains("0.1.2.3".parse().unwrap()));
        }
    }
}
