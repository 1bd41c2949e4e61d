//! Bodies with a content coding, as rules look at them: decoded, and what becomes of those that are not
//! what they say. The origin gets every body as it was sent.

use lockgate_bodies::coding::{self, End};
use lockgate_bundle::Site;
use lockgate_wire::Answer;

use crate::HeldBody;
use crate::call::Call;
use crate::policy::Policy;

/// What `Accept-Encoding` of an answer 415 names (RFC 9110, section 15.5.16).
const KNOWN: &[u8] = b"gzip, deflate, br";

/// A body as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readable {
    /// As it was sent.
    AsSent,
    /// The same, though nobody can read it so: there is more to it than is looked at.
    Unread,
    /// What was in it.
    Decoded {
        bytes: Vec<u8>,
        /// There is no more of it.
        whole: bool,
        /// So many of the bytes a program may look at: it knows by one more that there are more.
        program_bytes: usize,
    },
}

/// Why the rules cannot look at a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Its coding is not known, or there are several, or it asks for too much memory.
    Unknown,
    /// It is not what its coding says.
    Broken,
}

impl Readable {
    /// Decodes what was read of a body, up to what any rule of the site looks at.
    ///
    /// # Errors
    /// [`Unreadable`], where the site refuses such bodies.
    pub(crate) fn of(
        policy: &Policy,
        call: Call<'_, '_>,
        site: &Site,
        body: HeldBody<'_>,
    ) -> Result<Self, Unreadable> {
        let lines = call.input.headers();
        let lines = lines.filter(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
        let decoded = match coding::named(lines.map(|(_, value)| value)) {
            _ if body.bytes.is_empty() => return Ok(Self::AsSent),
            Ok(None) => return Ok(Self::AsSent),
            Ok(Some(coding)) => Self::decoded(policy, site, coding, body),
            Err(coding::Unknown) => Err(Unreadable::Unknown),
        };
        match decoded {
            Err(_) if site.unknown_coding_passes => Ok(Self::Unread),
            decoded => decoded,
        }
    }

    fn decoded(
        policy: &Policy,
        site: &Site,
        coding: coding::Coding,
        body: HeldBody<'_>,
    ) -> Result<Self, Unreadable> {
        let program = site.program.map_or(0, |number| {
            let program = policy.programs.get(usize::from(number));
            program.map_or(0, |program| {
                let limits = &program.engine.program().settings.limits;
                limits.request_body_bytes_max as usize
            })
        });
        let most = policy.native_body_bytes(site).max(program);
        let found = coding::decode(coding, body.bytes, most.saturating_add(1));
        let whole = match found.end {
            End::Whole => body.whole,
            End::More => false,
            // Its end was not read.
            End::Unfinished if !body.whole => false,
            End::Unfinished | End::Broken => return Err(Unreadable::Broken),
            End::TooWide => return Err(Unreadable::Unknown),
        };
        Ok(Self::Decoded {
            program_bytes: found.bytes.len().min(program.saturating_add(1)),
            bytes: found.bytes,
            whole,
        })
    }

    /// The body for the rules.
    pub(crate) fn held<'b>(&'b self, sent: HeldBody<'b>) -> HeldBody<'b> {
        match self {
            Self::AsSent => sent,
            Self::Unread => HeldBody {
                whole: false,
                ..sent
            },
            Self::Decoded {
                bytes,
                whole,
                program_bytes,
            } => HeldBody {
                bytes,
                whole: *whole,
                program_bytes: sent.program_bytes.map(|_| *program_bytes),
            },
        }
    }
}

impl Unreadable {
    /// The stable code of the answer.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "content_coding_unknown",
            Self::Broken => "content_coding_broken",
        }
    }

    /// The answer.
    pub(crate) fn answer<'r>(self) -> Answer<'r> {
        let (status, detail, cause) = match self {
            Self::Unknown => (
                415,
                "The body's content coding is not known here.",
                "rules look at the body, and its content coding is not known, or there are several",
            ),
            Self::Broken => (
                400,
                "The body is not coded as Content-Encoding says.",
                "rules look at the body, and it is not coded as Content-Encoding says",
            ),
        };
        let mut answer = Answer {
            status,
            code: self.code().as_bytes(),
            detail: detail.as_bytes(),
            cause: cause.as_bytes(),
            ..Answer::default()
        };
        if self == Self::Unknown {
            answer.headers.push((b"accept-encoding", KNOWN));
        }
        answer
    }
}
