//! What every rule says of a request, told in full. The stages before the rules are those of a decision; sign-in and
//! limits are not asked.

mod native;
mod program;

use std::net::{IpAddr, Ipv6Addr};

use lockgate_firewall::Body;
use lockgate_wire::explanation::{Came, Explanation, escaped};
use lockgate_wire::{Input, Seen};

use crate::HeldBody;
use crate::call::{Call, Keep};
use crate::coded::Readable;
use crate::exit::Exit;
use crate::policy::{Policy, nothing_seen};
use crate::stages;

impl Policy {
    /// What every rule says of a request. Takes what [`Policy::inspect`] takes; gives the JSON of
    /// `lockgate_wire::explanation::Explanation`. Without the body of a request that has one, it is told as far as
    /// the rules come without.
    #[must_use]
    pub fn explain(&self, input: &[u8], request_id: &str, body: Option<HeldBody<'_>>) -> Vec<u8> {
        let told = match Input::parse(input) {
            Ok(parsed) => self.explain_input(input, &parsed, request_id, body),
            Err(_) => Explanation {
                refused: Some("policy_input".to_owned()),
                ..Explanation::default()
            },
        };
        // A plain structure in memory always encodes.
        serde_json::to_vec(&told).unwrap_or_default()
    }

    fn explain_input(
        &self,
        bytes: &[u8],
        input: &Input<'_>,
        request_id: &str,
        body: Option<HeldBody<'_>>,
    ) -> Explanation {
        let keep = Keep::default();
        let call = Call {
            policy: self,
            bytes,
            input,
            keep: &keep,
        };
        let mut seen = nothing_seen();
        let mut told = Explanation::default();
        let exit = self.tell(call, request_id, body, &mut seen, &mut told);
        if let Err(Exit::Answer(answer)) = exit {
            told.refused = Some(escaped(answer.code));
        }
        self.describe(input, &seen, &mut told);
        told
    }

    /// Walks the stages up to the rules.
    fn tell<'r>(
        &'r self,
        call: Call<'r, '_>,
        request_id: &str,
        body: Option<HeldBody<'_>>,
        seen: &mut Seen<'r>,
        told: &mut Explanation,
    ) -> Result<(), Exit<'r>> {
        let request = stages::normalise::run(call, seen)?;
        told.path = escaped(request.path.as_bytes());
        let site = stages::site::run(call, &request, seen)?;
        let readable = body.map(|body| Readable::of(self, call, site, body));
        let (readable, unreadable) = match readable.transpose() {
            Ok(readable) => (readable, None),
            Err(unreadable) => (None, Some(unreadable)),
        };
        let body = readable
            .as_ref()
            .zip(body)
            .map(|(readable, body)| readable.held(body));
        let for_rules = match body {
            None if unreadable.is_some() => Body::Never,
            Some(body) => self.native(site, body),
            None => stages::firewall::without_body(call),
        };
        let firewall = site
            .firewall
            .and_then(|index| self.firewalls.get(usize::from(index)));
        told.native =
            firewall.map(|firewall| native::tell(call, &firewall.rules, &request, for_rules));
        let blocked = told.native_matches().any(|rule| rule.came == Came::Blocks);
        if let Some(unreadable) = unreadable.filter(|_| !blocked) {
            return Err(Exit::Answer(Box::new(unreadable.answer())));
        }
        let program = site
            .program
            .and_then(|number| self.programs.get(usize::from(number)));
        told.program = program.map(|program| {
            if blocked {
                program::not_run(program)
            } else {
                let body = body.and_then(HeldBody::for_program);
                program::tell(self, program, (call.input, &*seen), request_id, body)
            }
        });
        Ok(())
    }

    fn describe(&self, input: &Input<'_>, seen: &Seen<'_>, told: &mut Explanation) {
        let site = self.sites.get(usize::from(seen.site));
        told.site = site.map(|site| site.name.clone()).unwrap_or_default();
        told.client = IpAddr::V6(Ipv6Addr::from(seen.client))
            .to_canonical()
            .to_string();
        if input.place.address == seen.client {
            told.country = input.place.country.map(|letters| escaped(&letters));
            told.asn = input.place.asn;
        }
        told.method = escaped(input.method);
        told.host = escaped(seen.host);
    }
}
