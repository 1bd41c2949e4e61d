//! How each input is made, ready to run.

use crate::Field;
use crate::rules::CompiledInput;
use lockgate_transform::Transformation;

/// Most transformations of one input, as in AWS WAF.
pub const TRANSFORMATIONS_MAX: usize = 10;

/// How one input is made.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Field(Field),
    Transform { of: u32, with: Transform },
}

/// A transformation.
#[derive(Debug, Clone)]
pub(crate) struct Transform(Transformation);

impl Transform {
    /// `true`: `out` holds the transformed value. `false`: it is as it was.
    pub(crate) fn apply(&self, value: &[u8], out: &mut Vec<u8>) -> bool {
        self.0.apply(value, out)
    }
}

/// The transformation of this name: that of AWS WAF (`URL_DECODE`), or that of SecLang (`urlDecode`).
#[must_use]
pub fn transformation(name: &str) -> Option<Transformation> {
    Transformation::from_aws(name).or_else(|| Transformation::from_seclang(name))
}

/// How every transformation is written: AWS WAF's names in lower case, then those of SecLang.
#[must_use]
pub fn transformation_names() -> Vec<String> {
    let aws = Transformation::aws_names().map(str::to_ascii_lowercase);
    aws.chain(Transformation::seclang_names().map(str::to_owned))
        .collect()
}

/// How every input is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps(Vec<Named>);

#[derive(Debug, Clone)]
struct Named {
    step: Step,
    /// The input as it is written: `path, LOWERCASE`.
    name: String,
    /// How many transformations there are.
    depth: usize,
}

impl Steps {
    /// Resolves the names of transformations. The error is the index of an input that is made of none, of
    /// itself or of a later one, by an unknown transformation, or by more than [`TRANSFORMATIONS_MAX`].
    pub(crate) fn load(inputs: Vec<CompiledInput>) -> Result<Self, usize> {
        let mut steps: Vec<Named> = Vec::with_capacity(inputs.len());
        for (index, input) in inputs.into_iter().enumerate() {
            steps.push(match input {
                CompiledInput::Field(field) => Named {
                    name: field.to_string(),
                    step: Step::Field(field),
                    depth: 0,
                },
                CompiledInput::Step {
                    of,
                    transformation: name,
                } => {
                    let before = steps.get(of as usize).ok_or(index)?;
                    if before.depth >= TRANSFORMATIONS_MAX {
                        return Err(index);
                    }
                    let with = Transform(transformation(&name).ok_or(index)?);
                    Named {
                        name: format!("{}, {name}", before.name),
                        step: Step::Transform { of, with },
                        depth: before.depth + 1,
                    }
                }
            });
        }
        Ok(Self(steps))
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Step> {
        self.0.get(index).map(|named| &named.step)
    }

    /// The field that an input is, where nothing transforms it.
    pub(crate) fn field(&self, index: u32) -> Option<&Field> {
        match self.get(index as usize)? {
            Step::Field(field) => Some(field),
            Step::Transform { .. } => None,
        }
    }

    /// The field that an input is made of.
    pub(crate) fn root(&self, mut index: u32) -> Option<&Field> {
        loop {
            match self.get(index as usize)? {
                Step::Field(field) => return Some(field),
                // Inputs are made of earlier ones only.
                Step::Transform { of, .. } => index = *of,
            }
        }
    }

    /// The input as it is written: `path, LOWERCASE`.
    pub(crate) fn name(&self, index: u32) -> &str {
        self.0.get(index as usize).map_or("?", |named| &named.name)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of the fields is such a one.
    pub(crate) fn any(&self, is: impl Fn(&Field) -> bool) -> bool {
        self.0
            .iter()
            .any(|named| matches!(&named.step, Step::Field(field) if is(field)))
    }
}
