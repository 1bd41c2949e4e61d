//! From text to programs: what depends on several rules.
use super::{Compiled, compile};
use crate::parse::tests::of;
use lockgate_waf::program::{Action, Collection, Control, Disruption, Key, Operator, Phase, Rule};

fn compiled(source: &str) -> Compiled {
    compile(&of(source).unwrap()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn faults(source: &str) -> Vec<String> {
    let faults = compile(&of(source).unwrap()).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn rule(compiled: &Compiled, id: u32) -> &Rule {
    compiled
        .program
        .rules
        .iter()
        .find(|rule| rule.id == id)
        .unwrap()
}

#[test]
fn block_and_nothing_take_the_default_of_the_phase() {
    let all = compiled(
        "SecAction id:1,phase:1,block\n\
         SecDefaultAction phase:1,log,deny,status:418,t:lowercase\n\
         SecAction id:2,phase:1,block\n\
         SecAction id:3,phase:1\n\
         SecAction id:4,phase:1,pass,nolog\n\
         SecAction id:5,phase:1,deny\n\
         SecAction id:6,phase:2,block\n\
         SecAction id:7,phase:1,block,status:500\n",
    );
    let what = |id| rule(&all, id).disruption.clone();
    assert_eq!(what(1), Disruption::Pass);
    assert_eq!(what(2), Disruption::Deny(418));
    assert_eq!(what(3), Disruption::Deny(418));
    assert_eq!(what(4), Disruption::Pass);
    assert_eq!(what(5), Disruption::Deny(403));
    assert_eq!(what(6), Disruption::Pass);
    assert_eq!(what(7), Disruption::Deny(500));
    let chain = usize::from(rule(&all, 2).chain);
    assert_eq!(all.program.chains[chain].len(), 1);
    assert!(!all.program.metas[rule(&all, 4).meta.unwrap() as usize].log);
}

#[test]
fn chains_share_id_and_phase_and_count_as_rules() {
    let all = compiled(
        "SecRule ARGS a id:1,phase:1,chain,deny\nSecRule ARGS b chain,t:lowercase\n\
         SecRule TX:0 c setvar:tx.x=1\nSecAction id:2,phase:2,pass\n",
    );
    let rules = &all.program.rules;
    let chained: Vec<bool> = rules.iter().map(|rule| rule.chained).collect();
    assert_eq!(chained, [true, true, false, false]);
    assert!(
        rules[..3]
            .iter()
            .all(|rule| rule.id == 1 && rule.phase == Phase::RequestHeaders)
    );
    assert_eq!(all.program.phases[0], [0]);
    assert_eq!(all.program.phases[1], [3]);
    assert_eq!(rules[2].actions.len(), 1);
    assert_eq!((all.table[0].links, all.table[1].links), (3, 1));
}

#[test]
fn skips_lead_to_steps_of_the_own_phase() {
    let all = compiled(
        "SecMarker END\n\
         SecAction id:1,phase:1,pass,skipAfter:END\n\
         SecAction id:2,phase:2,pass,skipAfter:4\n\
         SecAction id:3,phase:1,pass,skip:1\n\
         SecAction id:4,phase:2,pass\n\
         SecAction id:5,phase:1,pass\n\
         SecMarker END\n\
         SecAction id:6,phase:1,pass,skip:9\n",
    );
    let to = |id| rule(&all, id).skip_to;
    assert_eq!(to(1), Some(3));
    assert_eq!(to(2), Some(2));
    assert_eq!(to(3), Some(3));
    assert_eq!(to(6), Some(4));
    assert_eq!(
        faults("SecMarker A\nSecAction id:1,pass,skipAfter:A\n"),
        ["t.conf:2:31: no SecMarker or rule `A` comes after this rule"]
    );
}

#[test]
fn directives_and_ctl_take_rules_and_targets_out() {
    let all = compiled(
        "SecAction id:1,pass,tag:a,ctl:ruleRemoveByTag=b,ctl:ruleRemoveTargetById=2-3;ARGS:x\n\
         SecRule ARGS x id:2,pass,tag:b,chain\nSecRule ARGS y t:none\n\
         SecRule ARGS x id:3,pass,tag:c\n\
         SecRule ARGS x id:4,pass,msg:'gone'\n\
         SecRule ARGS x id:5,pass,tag:b\n\
         SecRuleRemoveByMsg ^gone$\n\
         SecRuleUpdateTargetById 3 !ARGS:/^z/|REQUEST_URI\n\
         SecRuleUpdateActionById 5 deny\n\
         SecRuleRemoveById 7 8-9\n\
         SecRuleUpdateTargetByTag none ARGS\n",
    );
    let notes: Vec<String> = all.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "t.conf:10:1: `7 8-9` changes nothing: no rule is selected",
            "t.conf:11:1: `none` changes nothing: no rule is selected",
        ]
    );
    assert_eq!(all.program.rules.len(), 5);
    assert_eq!(all.removed, 1);
    let actions = &rule(&all, 1).actions;
    assert_eq!(
        actions[0],
        Action::Control(Control::RemoveRules(vec![(1, 2), (4, 4)]))
    );
    let Action::Control(Control::RemoveTarget { rules, target }) = &actions[1] else {
        panic!("{actions:?}");
    };
    assert_eq!(rules, &[(1, 3)]);
    assert_eq!(
        (target.collection, &target.key),
        (Collection::Args, &Key::Name("x".to_owned()))
    );
    let third = rule(&all, 3);
    assert_eq!(third.targets.len(), 2);
    assert!(matches!(third.exclusions[0].key, Key::Pattern(_)));
    assert_eq!(rule(&all, 5).disruption, Disruption::Deny(403));
}

#[test]
fn rules_of_one_form_share_a_set() {
    let all = compiled(
        "SecRule ARGS|REQUEST_URI a1 id:1,pass,t:lowercase\n\
         SecRule REQUEST_URI|ARGS|!ARGS:q a2 id:2,pass,t:lowercase\n\
         SecRule ARGS a3 id:3,pass,t:lowercase\n\
         SecRule ARGS|REQUEST_URI a4 id:4,pass,t:lowercase,tag:'paranoia-level/2'\n\
         SecRule ARGS|REQUEST_URI !a5 id:5,pass,t:lowercase\n\
         SecRule MATCHED_VARS a6 id:6,pass\n",
    );
    let set = |id| match rule(&all, id).operator {
        Operator::Pattern { set, .. } => set,
        _ => panic!("no pattern"),
    };
    assert_eq!(set(1), set(2));
    assert!(set(1).is_some() && set(3).is_some() && set(4).is_some());
    assert_ne!(set(1), set(3));
    assert_ne!(set(1), set(4));
    assert_eq!((set(5), set(6)), (None, None));
}

#[test]
fn faults_of_rules_among_each_other() {
    assert_eq!(
        faults(
            "SecRule ARGS a phase:1\n\
             SecAction id:1,pass\nSecAction id:1,pass\n\
             SecRule ARGS a id:2,pass,chain\nSecRule ARGS b deny\n\
             SecRule ARGS a id:3,pass,chain\nSecMarker X\n\
             SecAction id:4,pass,ctl:ruleRemovById=1\n\
             SecDefaultAction phase:1,block\n",
        ),
        [
            "t.conf:1:1: this rule has no id",
            "t.conf:3:1: id 1 is already that of the rule at t.conf:2:1",
            "t.conf:5:16: action `deny` belongs into the first rule of a chain",
            "t.conf:6:1: this rule ends with `chain`, and no rule follows it",
            "t.conf:8:25: unknown ctl option `ruleRemovById`, did you mean `ruleRemoveById`?",
            "t.conf:9:18: `phase` is not a list with a disruptive action other than `block`",
        ]
    );
}
