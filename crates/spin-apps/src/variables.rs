//! Variables: the manifest's, given by `SPIN_VARIABLE_NAME` in the environment; each component
//! sees those that its own table makes of them, and no others.

use std::collections::BTreeMap;

use wasmtime::component::{Accessor, HasSelf};

use crate::bindings::fermyon::spin::variables as v2;
use crate::bindings::spin::variables::variables as v3;
use crate::bindings::wasi::config::store as config;
use crate::instance::InstanceState;
use crate::manifest::{Component, Manifest};

/// What the name of an environment variable begins with.
const PREFIX: &str = "SPIN_VARIABLE_";

/// The values of the app's variables.
///
/// # Errors
/// Every variable that is required and not given.
pub fn resolve(
    manifest: &Manifest,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, variable) in &manifest.variables {
        let key = format!("{PREFIX}{}", name.to_ascii_uppercase());
        match environment(&key).or_else(|| variable.default.clone()) {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None => missing.push(format!("{name} ({key})")),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(format!(
            "these variables are required and not set in the environment: {}",
            missing.join(", ")
        ))
    }
}

/// What a component's own table makes of the app's variables.
pub fn of(component: &Component, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = component.variables.iter();
    own.map(|(name, value)| (name.clone(), value.value.fill(variables)))
        .collect()
}

/// Why a variable has no value for a component.
enum NoValue {
    Name(String),
    Undefined(String),
}

fn value(state: &InstanceState, name: &str) -> Result<String, NoValue> {
    if let Some(value) = state.given.variables.get(name) {
        return Ok(value.clone());
    }
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(NoValue::Name(format!("{name:?} is no name of a variable")));
    }
    Err(NoValue::Undefined(format!(
        "no variable {name:?} is given to component {:?}",
        state.given.id
    )))
}

impl v2::Host for InstanceState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, v2::Error>> {
        Ok(value(self, &name).map_err(|error| match error {
            NoValue::Name(text) => v2::Error::InvalidName(text),
            NoValue::Undefined(text) => v2::Error::Undefined(text),
        }))
    }
}

impl v3::Host for InstanceState {}

impl<T> v3::HostWithStore<T> for HasSelf<InstanceState> {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, v3::Error>> {
        accessor.with(|mut access| {
            Ok(value(access.get(), &name).map_err(|error| match error {
                NoValue::Name(text) => v3::Error::InvalidName(text),
                NoValue::Undefined(text) => v3::Error::Undefined(text),
            }))
        })
    }
}

impl config::Host for InstanceState {
    async fn get(
        &mut self,
        key: String,
    ) -> wasmtime::Result<Result<Option<String>, config::Error>> {
        Ok(Ok(self.given.variables.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, config::Error>> {
        let all = self.given.variables.iter();
        Ok(Ok(all
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()))
    }
}
