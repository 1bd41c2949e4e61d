//! A loaded bundle, and the two calls that it answers.

use std::sync::{Mutex, PoisonError};

use lockgate_auth::SignIn;
use lockgate_bundle::{Bundle, ClientAddressFrom, Limit, RoutePlan, Site};
use lockgate_firewall::Firewall;
use lockgate_normalise::{Believe, Limits, Settings, TrustedProxies};
use lockgate_route::Routes;
use lockgate_waf::Workspace;
use lockgate_wire::{Input, NONE, Seen, Stage, Verdict, VerdictBody, grant_signature};

use crate::call::{Call, Keep};
use crate::exit::Exit;
use crate::programs::{self, Program};
use crate::stages;
use crate::stages::plan::image::ImageKeys;

/// Bytes of the bundle's digest in front of a need's state.
const TAG_BYTES: usize = 8;

/// A loaded bundle.
pub struct Policy {
    /// The programs of the sites.
    pub(crate) programs: Vec<Program>,
    /// Memory that inspections leave to the next.
    pub(crate) workspace: Mutex<Workspace>,
    pub(crate) tag: [u8; TAG_BYTES],
    pub(crate) settings: Settings,
    pub(crate) routes: Routes,
    pub(crate) sites: Vec<Site>,
    pub(crate) plans: Vec<RoutePlan>,
    pub(crate) firewalls: Vec<NumberedRules>,
    pub(crate) sign_ins: Vec<NamedSignIn>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) image_dimension_max: u32,
    /// At the index of the route.
    pub(crate) image_keys: Vec<ImageKeys>,
}

/// A loaded firewall, and where its rules stand among all rules.
pub(crate) struct NumberedRules {
    pub(crate) first_rule: u16,
    pub(crate) rules: Firewall,
}

/// A loaded sign-in.
pub(crate) struct NamedSignIn {
    pub(crate) name: String,
    pub(crate) sign_in: SignIn,
}

impl Policy {
    /// Loads a bundle. `secrets` are name and bytes of the secrets that it names.
    ///
    /// # Errors
    /// Why the bundle is refused, in words for the operator. Holds no secret.
    pub fn load(bundle: Vec<u8>, secrets: &[(String, Vec<u8>)]) -> Result<Self, String> {
        Self::load_after(None, bundle, secrets)
    }

    /// The same where another bundle was loaded before: programs that both have are not loaded
    /// again, and need not stand behind the bundle.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn load_after(
        before: Option<&Self>,
        bundle: Vec<u8>,
        secrets: &[(String, Vec<u8>)],
    ) -> Result<Self, String> {
        let tag = lockgate_bundle::digest(&bundle).tag();
        let (bundle, images) = Bundle::with_images(bundle).map_err(|error| error.to_string())?;
        let known = before.map_or(&[][..], |before| &before.programs);
        let programs = programs::load(known, &bundle.programs, images)?;
        let routes = Routes::load(bundle.routes).map_err(|error| error.to_string())?;
        if routes.len() != bundle.plans.len() {
            return Err("the bundle is not sound: routes and plans differ in number".to_owned());
        }
        let secret = |name: &str| {
            let found = secrets.iter().find(|(known, _)| known == name);
            found.map(|(_, bytes)| bytes.clone())
        };
        let mut sign_ins = Vec::with_capacity(bundle.sign_ins.len());
        for named in bundle.sign_ins {
            let sign_in = SignIn::load(named.compiled, &secret)
                .map_err(|error| format!("sign-in {:?}: {error}", named.name))?;
            let name = named.name;
            sign_ins.push(NamedSignIn { name, sign_in });
        }
        let image_keys = bundle
            .plans
            .iter()
            .map(|plan| ImageKeys::load(plan, &secret))
            .collect::<Result<Vec<_>, String>>()?;
        let mut firewalls = Vec::with_capacity(bundle.firewalls.len());
        for numbered in bundle.firewalls {
            firewalls.push(NumberedRules {
                first_rule: numbered.first_rule,
                rules: Firewall::load(numbered.compiled).map_err(|error| error.to_string())?,
            });
        }
        let heads = bundle.heads;
        let proxies = TrustedProxies::parse(heads.trusted_proxies.iter().map(String::as_str))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            programs,
            workspace: Mutex::default(),
            tag,
            settings: Settings {
                limits: Limits {
                    target_bytes_max: heads.target_bytes_max as usize,
                    header_count_max: heads.header_count_max as usize,
                    header_bytes_max: heads.header_bytes_max as usize,
                    ..Limits::default()
                },
                proxies,
                believe: match heads.client_address_from {
                    ClientAddressFrom::Either => Believe::Either,
                    ClientAddressFrom::XForwardedFor => Believe::XForwardedFor,
                    ClientAddressFrom::Forwarded => Believe::Forwarded,
                },
            },
            routes,
            sites: bundle.sites,
            plans: bundle.plans,
            firewalls,
            sign_ins,
            limits: bundle.limits,
            image_dimension_max: bundle.image_dimension_max,
            image_keys,
        })
    }

    /// Memory for an inspection.
    pub(crate) fn take_workspace(&self) -> Workspace {
        let mut left = self
            .workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut left)
    }

    /// Leaves it for the next.
    pub(crate) fn leave_workspace(&self, workspace: Workspace) {
        let mut left = self
            .workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *left = workspace;
    }

    /// Decides on one request. Takes the bytes of `lockgate_wire::Input`, gives those of
    /// `lockgate_wire::Verdict`; an input that cannot be read is answered 500 `policy_input`.
    #[must_use]
    pub fn decide(&self, input: &[u8]) -> Vec<u8> {
        let bytes = input;
        let input = match Input::parse(bytes) {
            Ok(input) => input,
            Err(error) => return fault("policy_input", &error.to_string()),
        };
        let keep = Keep::default();
        let call = Call {
            policy: self,
            bytes,
            input: &input,
            keep: &keep,
        };
        let mut seen = nothing_seen();
        seen.client = input.peer;
        let body = match stages::run(call, &mut seen) {
            Ok(plan) => VerdictBody::Plan(plan),
            Err(Exit::Answer(answer)) => VerdictBody::Answer(*answer),
            Err(Exit::Need(need)) => VerdictBody::Need(need),
        };
        Verdict { seen, body }.to_bytes()
    }

    /// Goes on after a need, with its state. The only need so far is leave to verify a
    /// signature, so `answers` is empty and not read.
    ///
    /// A state of another bundle is answered 503 `bundle_changed`: the client may try again.
    #[must_use]
    pub fn resume(&self, state: &[u8], _answers: &[u8]) -> Vec<u8> {
        let Some((tag, input)) = state.split_first_chunk::<TAG_BYTES>() else {
            return fault("policy_input", "the state ends inside its tag");
        };
        if *tag != self.tag {
            let exit = Exit::answer(
                503,
                "bundle_changed",
                "The gate was reconfigured; try again.",
            );
            return alone(exit.cause(b"the state belongs to another bundle"));
        }
        let mut input = input.to_vec();
        match grant_signature(&mut input) {
            Ok(()) => self.decide(&input),
            Err(error) => fault("policy_input", &error.to_string()),
        }
    }
}

/// Shows no key.
impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policy({} routes)", self.plans.len())
    }
}

/// The verdict on a call that the host made wrongly.
pub(crate) fn fault(code: &'static str, cause: &str) -> Vec<u8> {
    let exit = Exit::answer(500, code, "The gate could not decide on this request.");
    alone(exit.cause(cause.as_bytes()))
}

/// A verdict without a request.
fn alone(exit: Exit<'_>) -> Vec<u8> {
    let body = match exit {
        Exit::Answer(answer) => VerdictBody::Answer(*answer),
        Exit::Need(need) => VerdictBody::Need(need),
    };
    let seen = nothing_seen();
    Verdict { seen, body }.to_bytes()
}

pub(crate) fn nothing_seen() -> Seen<'static> {
    Seen {
        stage: Stage::Normalise,
        trusted_peer: false,
        site: NONE,
        route: NONE,
        rule: NONE,
        client: [0; 16],
        counted: lockgate_wire::Counted::default(),
        charges: Vec::new(),
        waits: false,
        host: b"",
        target: b"",
        subject: b"",
    }
}
