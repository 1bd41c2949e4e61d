//! Compiled tables from an enemy: refused at load, or every entry in them is found.

use lockgate_firewall::useragent::Found;
use lockgate_firewall::{IpSet, UserAgentList};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Loads the bytes as both kinds of table.
pub fn run(data: &[u8]) {
    if let Ok(set) = IpSet::load(data.to_vec()) {
        addresses(data, &set);
    }
    if let Ok(list) = UserAgentList::load(data.to_vec()) {
        agents(data, &list);
    }
}

/// The sections of a table that was loaded.
fn sections(table: &[u8]) -> Vec<&[u8]> {
    let mut sections = Vec::new();
    let mut rest = &table[8..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (section, next) = after.split_at(u32::from_le_bytes(*length) as usize);
        sections.push(section);
        rest = next;
    }
    sections
}

fn addresses(table: &[u8], set: &IpSet) {
    let sections = sections(table);
    for edge in [sections[0], sections[1]].concat().as_chunks::<4>().0 {
        assert!(set.contains(Ipv4Addr::from(u32::from_le_bytes(*edge)).into()));
    }
    for edge in [sections[2], sections[3]].concat().as_chunks::<16>().0 {
        let address = Ipv6Addr::from(u128::from_le_bytes(*edge));
        // A mapped address is looked for among the IPv4 ones.
        assert!(address.to_ipv4_mapped().is_some() || set.contains(address.into()));
    }
    assert!(set.ranges() * 8 <= table.len());
}

fn agents(table: &[u8], list: &UserAgentList) {
    let sections = sections(table);
    let numbers = |section: &[u8]| -> Vec<usize> {
        let numbers = section.as_chunks::<4>().0.iter();
        numbers
            .map(|number| u32::from_le_bytes(*number) as usize)
            .collect()
    };
    let meta = numbers(sections[0]);
    let [.., offsets, ids, bytes] = sections.as_slice() else {
        panic!("a loaded list has texts");
    };
    let (offsets, ids) = (numbers(offsets), numbers(ids));
    let (contained, starts, ends) = (meta[1], meta[1] + meta[2], meta[1] + meta[2] + meta[3]);
    for (entry, id) in ids.iter().enumerate() {
        let mut text = bytes[offsets[entry]..offsets[entry + 1]].to_vec();
        if (starts..ends).contains(&entry) {
            text.reverse();
        }
        if entry < contained {
            text.splice(0..0, *b"Mozilla/5.0 ");
            text.extend_from_slice(b" (x)");
        }
        match list.find_in(&text.to_ascii_uppercase()) {
            Found::Pattern(found) => assert!(found as usize <= *id),
            found => panic!("{}: {found:?}", text.escape_ascii()),
        }
    }
    // The table itself as a User-Agent: windows of every kind.
    let end = table.len().min(2048);
    assert_ne!(list.find_in(&table[..end]), Found::Oversize);
}
