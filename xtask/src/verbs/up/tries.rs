//! What the demo shows: one table for the printed commands and for `up --check`.

use super::ports::GATE;
use super::processes::TOKEN_ARGUMENTS;
use crate::http::{self, Request, Response};
use anyhow::{Result, bail, ensure};

/// The first site of `gateway.toml`. Every resolver has `*.localhost` as the loopback address.
const SITE_ONE: &str = "shop.localhost:8080";
/// The second site.
const SITE_TWO: &str = "outlet.localhost:8080";

/// One request to try.
pub(super) struct Try {
    /// What it shows.
    pub(super) title: &'static str,
    site: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// Sends the customer's token.
    signed_in: bool,
    /// Sends it until the status comes, at most so often.
    times_max: usize,
    status: u16,
    /// A response header, and what its value contains.
    answers: &'static [(&'static str, &'static str)],
}

const PLAIN: Try = Try {
    title: "",
    site: SITE_ONE,
    target: "/",
    headers: &[],
    signed_in: false,
    times_max: 1,
    status: 200,
    answers: &[],
};

/// In the order in which they are printed and checked: the later ones see what the earlier did.
pub(super) const TRIES: &[Try] = &[
    Try {
        title: "a product, through firewall, limits and cache",
        target: "/products/1",
        answers: &[("content-type", "json")],
        ..PLAIN
    },
    Try {
        title: "the same once more: from the cache, with its Age",
        target: "/products/1",
        answers: &[("cache-status", "hit"), ("age", "")],
        ..PLAIN
    },
    Try {
        title: "a picture, 480 pixels wide, as WebP for a client that takes it",
        target: "/pictures/1.jpg?w=480",
        headers: &[("Accept", "image/webp,*/*")],
        answers: &[("content-type", "image/webp")],
        ..PLAIN
    },
    Try {
        title: "the same picture, 160 pixels wide, as JPEG",
        target: "/pictures/1.jpg?w=160",
        headers: &[("Accept", "image/jpeg")],
        answers: &[("content-type", "image/jpeg")],
        ..PLAIN
    },
    Try {
        title: "a square of it, with the options in the path",
        target: "/img/preset=card,f=auto/pictures/1.jpg",
        headers: &[("Accept", "image/webp,*/*")],
        answers: &[("content-type", "image/webp"), ("vary", "ccept")],
        ..PLAIN
    },
    Try {
        title: "the second site of the same process",
        site: SITE_TWO,
        target: "/products/1",
        answers: &[("content-type", "json")],
        ..PLAIN
    },
    Try {
        title: "a scanner that the firewall blocks",
        target: "/products/1",
        headers: &[("User-Agent", "sqlmap/1.8.4")],
        status: 403,
        answers: &[("content-type", "application/problem+json")],
        ..PLAIN
    },
    Try {
        title: "orders without a token: refused",
        target: "/orders",
        status: 401,
        answers: &[("www-authenticate", "Bearer")],
        ..PLAIN
    },
    Try {
        title: "orders with a development token: the customer's own",
        target: "/orders",
        signed_in: true,
        answers: &[("content-type", "json")],
        ..PLAIN
    },
    Try {
        title: "searching too fast: 429 with Retry-After after a while",
        target: "/products?query=lamp",
        times_max: 60,
        status: 429,
        answers: &[("retry-after", "")],
        ..PLAIN
    },
];

impl Try {
    /// The line to type.
    pub(super) fn command(&self) -> String {
        let mut curl = String::from("curl");
        if self.times_max > 1 {
            curl.push_str(" -s -o /dev/null -w '%{http_code}\\n'");
        } else if self
            .answers
            .iter()
            .any(|(_, value)| value.starts_with("image/"))
        {
            curl.push_str(" -s -o /dev/null -D -");
        } else {
            curl.push_str(" -si");
        }
        for (name, value) in self.headers {
            curl.push_str(&format!(" -H '{name}: {value}'"));
        }
        if self.signed_in {
            let token = format!("dist/lockgate {}", TOKEN_ARGUMENTS.join(" "));
            curl.push_str(&format!(" -H \"Authorization: Bearer $({token})\""));
        }
        curl.push_str(&format!(" 'http://{}{}'", self.site, self.target));
        if self.times_max > 1 {
            return format!(
                "for i in $(seq {}); do {curl}; done | sort | uniq -c",
                self.times_max
            );
        }
        curl
    }

    /// Makes the request and compares the answer.
    ///
    /// # Errors
    /// How the answer differs.
    pub(super) fn check(&self, token: &str) -> Result<()> {
        let bearer = format!("Bearer {token}");
        let mut headers = self.headers.to_vec();
        if !headers.iter().any(|(name, _)| *name == "User-Agent") {
            headers.push(("User-Agent", "curl/8"));
        }
        if self.signed_in {
            headers.push(("Authorization", &bearer));
        }
        let request = Request {
            method: "GET",
            target: self.target,
            host: self.site,
            headers: &headers,
        };
        let mut response = http::send(GATE.parse()?, &request)?;
        for _ in 1..self.times_max {
            if response.status == self.status {
                break;
            }
            response = http::send(GATE.parse()?, &request)?;
        }
        self.compare(&response)
    }

    fn compare(&self, response: &Response) -> Result<()> {
        if response.status != self.status {
            let body = String::from_utf8_lossy(&response.body);
            let start: String = body.chars().take(300).collect();
            bail!(
                "status {} instead of {}: {start}",
                response.status,
                self.status
            );
        }
        for (name, part) in self.answers {
            let value = response.header(name);
            let fits = value.is_some_and(|value| value.contains(part));
            ensure!(fits, "header `{name}` is {value:?} and not `...{part}...`");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_try_can_be_typed() {
        for each in TRIES {
            let command = each.command();
            assert!(
                !each.title.is_empty() && command.contains(each.site),
                "{command}"
            );
            assert!(!command.contains('\n'), "{command}");
        }
    }

    #[test]
    fn the_commands_are_valid_shell() {
        for each in TRIES {
            let command = each.command();
            let parsed = std::process::Command::new("/bin/sh")
                .args(["-nc", &command])
                .status();
            assert!(parsed.unwrap().success(), "{command}");
        }
    }
}
