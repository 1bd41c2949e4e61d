//! Asking the rules in force about a request that was kept.

use std::sync::Arc;

use lockgate_wire::explanation::Explanation;

use super::Kept;
use crate::gate::decide::on_inspection_pool;
use crate::gate::{Gate, Generation, Refused};
use crate::policy::Instance;

impl Gate {
    /// What every rule in force says of a request that was kept, and whose rules those are. Runs on the inspection
    /// pool, under its deadline.
    ///
    /// # Errors
    /// Where the policy does not answer.
    pub async fn explain(
        self: &Arc<Self>,
        kept: Arc<Kept>,
    ) -> Result<(Explanation, Arc<Generation>), Refused> {
        let generation = self.generation();
        let call = move |instance: &mut Instance, budget| {
            instance.explain(&kept.input, &kept.id, kept.held(), budget)
        };
        let (bytes, _) = on_inspection_pool(self, &generation, call).await?;
        let explanation = serde_json::from_slice(&bytes)
            .map_err(|error| Refused::new(500, "policy_failed", error.to_string()))?;
        Ok((explanation, generation))
    }
}
