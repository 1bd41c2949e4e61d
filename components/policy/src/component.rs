//! The WIT export: `wit/policy.wit` over [`crate::Policy`].

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    reason = "the bindings are generated; what they mean stands in wit/policy.wit"
)]

use std::cell::RefCell;

use crate::policy::fault;
use crate::{Answered, HeldBody, Policy};

wit_bindgen::generate!({
    path: "../../wit/policy.wit",
    world: "policy",
    generate_all,
});

use exports::lockgate::policy::decisions::{Guest, Response};

struct Component;

export!(Component);

thread_local! {
    /// The bundle that this instance holds: set by `load`, only read by requests.
    static POLICY: RefCell<Option<Policy>> = const { RefCell::new(None) };
}

impl Guest for Component {
    fn load(bundle: Vec<u8>, secrets: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        POLICY.with(|slot| {
            let mut slot = slot.try_borrow_mut().map_err(|error| error.to_string())?;
            let policy = Policy::load_after(slot.as_ref(), bundle, &secrets)?;
            *slot = Some(policy);
            Ok(())
        })
    }

    fn decide(input: Vec<u8>) -> Vec<u8> {
        with(|policy| policy.decide(&input))
    }

    fn resume(state: Vec<u8>, answers: Vec<u8>) -> Vec<u8> {
        with(|policy| policy.resume(&state, &answers))
    }

    fn inspect(
        input: Vec<u8>,
        request_id: String,
        body: Option<Vec<u8>>,
        whole: bool,
        program_bytes: Option<u32>,
    ) -> Vec<u8> {
        let body = held(body.as_deref(), whole, program_bytes);
        with(|policy| policy.inspect(&input, &request_id, body))
    }

    fn inspect_response(state: Vec<u8>, response: Response) -> Vec<u8> {
        with(|policy| {
            let fields = response.fields.iter();
            let fields: Vec<_> = fields
                .map(|(name, value)| (&name[..], &value[..]))
                .collect();
            policy.inspect_response(
                &state,
                &Answered {
                    status: response.status,
                    fields: &fields,
                    body: &response.body,
                    duration_us: response.duration_us,
                },
            )
        })
    }

    fn explain(
        input: Vec<u8>,
        request_id: String,
        body: Option<Vec<u8>>,
        whole: bool,
        program_bytes: Option<u32>,
    ) -> Vec<u8> {
        let body = held(body.as_deref(), whole, program_bytes);
        with(|policy| policy.explain(&input, &request_id, body))
    }
}

fn held(body: Option<&[u8]>, whole: bool, program_bytes: Option<u32>) -> Option<HeldBody<'_>> {
    body.map(|bytes| HeldBody {
        bytes,
        whole,
        program_bytes: program_bytes.map(|bytes| bytes as usize),
    })
}

fn with(call: impl FnOnce(&Policy) -> Vec<u8>) -> Vec<u8> {
    POLICY.with(|slot| match slot.try_borrow().as_deref() {
        Ok(Some(policy)) => call(policy),
        _ => fault("policy_not_loaded", "no bundle was loaded"),
    })
}
