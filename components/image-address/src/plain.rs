//! The gate's own addresses: options in the query or in a segment of the path.

use lockgate_normalise::percent;

use crate::asked::known;
use crate::sign::{self, EXPIRES, SIGNATURE};
use crate::{Asked, Form, ImageRoute, Keys, Place, Refusal, Request, Signed};

/// The most bytes of a segment of options, decoded.
const SEGMENT_BYTES_MAX: usize = 2048;

/// An address taken apart.
#[derive(Debug, Default)]
pub struct Address {
    /// Its options.
    pub asked: Asked,
    /// `s`, as given.
    pub signature: Option<String>,
    /// `exp`, as given.
    pub expires: Option<String>,
    /// What a signature is over besides the options: the path without the segment of options, and
    /// the arguments that are no options.
    subject: String,
}

impl Address {
    /// Takes an address apart. Reads no signature.
    ///
    /// # Errors
    /// [`Refusal`] where options are wrong.
    pub fn parse(route: &ImageRoute, path: &str, query: Option<&str>) -> Result<Self, Refusal> {
        let mut address = Self::default();
        let mut in_path = None;
        if let Form::Segment(index) = route.form {
            let (before, segment, after) = split_segment(path, index, route.upload)
                .ok_or_else(|| Refusal::options("the path has no place for options"))?;
            let text = percent::decode(segment);
            if text.len() > SEGMENT_BYTES_MAX {
                let why = format!("the options are longer than {SEGMENT_BYTES_MAX} bytes");
                return Err(Refusal::options(why));
            }
            for piece in text.split(',').filter(|piece| !piece.is_empty()) {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                if !address.sign_or_expiry(route, name, value)? {
                    address.asked.take(name, value)?;
                }
            }
            in_path = Some(format!("{before}{after}"));
        }
        let mut in_query = false;
        let mut others: Vec<&str> = Vec::new();
        for piece in query.unwrap_or_default().split('&') {
            if piece.is_empty() {
                continue;
            }
            if !is_ours(route, piece) {
                if route.only_options {
                    let (name, _) = piece.split_once('=').unwrap_or((piece, ""));
                    known(name)?;
                }
                others.push(piece);
                continue;
            }
            in_query = true;
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let value = percent::decode(value);
            if !address.sign_or_expiry(route, name, &value)? {
                address.asked.take(name, &value)?;
            }
        }
        let others = others.join("&");
        let path_left = in_path.as_deref().unwrap_or(path);
        address.subject = format!("{path_left}\n{others}");
        address.asked.place = match in_path {
            None => Place::Path { in_query },
            Some(path) => Place::Other {
                // What is left of the path goes through the route's prefixes.
                rewrite: true,
                path,
                query: (!others.is_empty()).then_some(others),
            },
        };
        Ok(address)
    }

    fn sign_or_expiry(
        &mut self,
        route: &ImageRoute,
        name: &str,
        value: &str,
    ) -> Result<bool, Refusal> {
        if route.signed == Signed::No {
            return Ok(false);
        }
        let place = match name {
            SIGNATURE => &mut self.signature,
            EXPIRES => &mut self.expires,
            _ => return Ok(false),
        };
        match place.replace(value.to_owned()) {
            Some(_) => Err(Refusal::options(format!("{name} is given more than once"))),
            None => Ok(true),
        }
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// [`Refusal`] for the first option that is wrong.
    pub fn message(&self) -> Result<String, Refusal> {
        let options = self.asked.text()?;
        let expires = self.expires.as_deref().unwrap_or_default();
        Ok(sign::message(&self.subject, &options, expires))
    }
}

pub(crate) fn read(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
) -> Result<Asked, Refusal> {
    let mut address = Address::parse(route, request.path, request.query)?;
    if route.signed == Signed::No {
        return Ok(address.asked);
    }
    match &address.signature {
        Some(signature) => {
            sign::check(keys.keys, address.message()?.as_bytes(), signature)?;
            sign::check_expiry(address.expires.as_deref(), request.now_s)?;
            address.asked.trusted = true;
        }
        None if route.signed == Signed::Required => return Err(sign::missing()),
        None if address.expires.is_some() => {
            return Err(Refusal::options("exp needs a signature (s)"));
        }
        None => {}
    }
    Ok(address.asked)
}

/// Whether a piece of a canonical query belongs to the gate. Names are compared as they stand: the
/// canonical form has decoded whatever these names are made of.
#[must_use]
pub fn is_ours(route: &ImageRoute, piece: &str) -> bool {
    let (name, _) = piece.split_once('=').unwrap_or((piece, ""));
    match name {
        "preset" | "dpr" => true,
        SIGNATURE | EXPIRES => route.signed != Signed::No,
        _ => known(name).is_ok(),
    }
}

/// A path without its segment of an index, and that segment: before it, without the slash; the
/// segment; what follows, which begins with the slash or is empty.
fn split_segment(path: &str, index: u8, upload: bool) -> Option<(&str, &str, &str)> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let start = slashes.nth(usize::from(index))?;
    // An upload has no path behind its options.
    let end = slashes.next().or(upload.then_some(path.len()))?;
    let segment = path.get(start.checked_add(1)?..end)?;
    Some((path.get(..start)?, segment, path.get(end..)?))
}

/// Puts a signature on an address: path and query as they are to be asked for.
///
/// # Errors
/// [`Refusal`] where its options are wrong.
pub fn sign(
    route: &ImageRoute,
    key: &[u8],
    path: &str,
    query: Option<&str>,
    expires_s: Option<u64>,
) -> Result<String, Refusal> {
    let mut address = Address::parse(route, path, query)?;
    if address.signature.is_some() || address.expires.is_some() {
        return Err(Refusal::options("the address is signed already"));
    }
    address.expires = expires_s.map(|expires| expires.to_string());
    let signature = sign::made(key, address.message()?.as_bytes());
    let mut target = path.to_owned();
    target.push('?');
    for piece in query.into_iter().filter(|query| !query.is_empty()) {
        target.push_str(piece);
        target.push('&');
    }
    if let Some(expires) = &address.expires {
        target.push_str(&format!("{EXPIRES}={expires}&"));
    }
    target.push_str(&format!("{SIGNATURE}={signature}"));
    Ok(target)
}
