//! Every index of a bundle points somewhere, and every list has a bound.

use crate::{Bundle, KeyPart};

/// Limits on one route, those of its site included: as many as the host charges at once.
pub const ROUTE_LIMITS_MAX: usize = 8;

impl Bundle {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let lists = [
            self.sites.len(),
            self.plans.len(),
            self.firewalls.len(),
            self.programs.len(),
            self.rule_names.len(),
            self.sign_ins.len(),
            self.limits.len(),
        ];
        // 65535 means "none" on the wire.
        if lists.iter().any(|len| *len > usize::from(u16::MAX)) {
            return Err("a list has more than 65535 entries");
        }
        self.check_sites()?;
        self.check_plans()?;
        self.check_firewalls()?;
        let parts = |limit: &crate::Limit| {
            let within = 1..=KeyPart::Site as usize + 1;
            within.contains(&limit.key.len())
        };
        if !self.limits.iter().all(parts) {
            return Err("a limit counts by nothing, or by too much");
        }
        Ok(())
    }

    fn check_sites(&self) -> Result<(), &'static str> {
        for site in &self.sites {
            if site
                .firewall
                .is_some_and(|index| usize::from(index) >= self.firewalls.len())
            {
                return Err("a site names no firewall");
            }
            if site
                .program
                .is_some_and(|index| usize::from(index) >= self.programs.len())
            {
                return Err("a site names no program");
            }
        }
        Ok(())
    }

    fn check_plans(&self) -> Result<(), &'static str> {
        for plan in &self.plans {
            if usize::from(plan.site) >= self.sites.len() {
                return Err("a route names no site");
            }
            if let Some(sign_in) = &plan.sign_in
                && usize::from(sign_in.index) >= self.sign_ins.len()
            {
                return Err("a route names no sign-in");
            }
            self.check_limits(&plan.limits)?;
        }
        Ok(())
    }

    fn check_limits(&self, limits: &[u16]) -> Result<(), &'static str> {
        if limits.len() > ROUTE_LIMITS_MAX {
            return Err("a route has more than 8 limits");
        }
        if limits
            .iter()
            .any(|index| usize::from(*index) >= self.limits.len())
        {
            return Err("a route names no limit");
        }
        if !limits.is_sorted_by(|one, next| one < next) {
            return Err("the limits of a route are not ascending");
        }
        Ok(())
    }

    fn check_firewalls(&self) -> Result<(), &'static str> {
        let mut next = 0;
        for firewall in &self.firewalls {
            if usize::from(firewall.first_rule) != next {
                return Err("a firewall's rules are out of place");
            }
            next = next.saturating_add(firewall.compiled.rules.len());
        }
        if next != self.rule_names.len() {
            return Err("the rule names do not belong to the firewalls");
        }
        Ok(())
    }
}
