//! The WIT export.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    reason = "the bindings are generated; what they mean stands in wit/policy.wit"
)]

wit_bindgen::generate!({
    path: "../../../wit/policy.wit",
    world: "policy",
    generate_all,
});

use exports::lockgate::policy::decisions as wit;

struct Component;

export!(Component);

impl wit::Guest for Component {
    fn load(_bundle: Vec<u8>, _secrets: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        Ok(())
    }

    fn decide(input: Vec<u8>) -> Vec<u8> {
        crate::decide(&input)
    }

    fn resume(state: Vec<u8>, _answers: Vec<u8>) -> Vec<u8> {
        crate::resume(&state)
    }

    fn inspect(
        _input: Vec<u8>,
        _request_id: String,
        _body: Option<Vec<u8>>,
        _whole: bool,
        _program_bytes: Option<u32>,
    ) -> Vec<u8> {
        Vec::new()
    }

    fn inspect_response(_state: Vec<u8>, _response: wit::Response) -> Vec<u8> {
        Vec::new()
    }

    fn explain(
        _input: Vec<u8>,
        _request_id: String,
        _body: Option<Vec<u8>>,
        _whole: bool,
        _program_bytes: Option<u32>,
    ) -> Vec<u8> {
        Vec::new()
    }
}
