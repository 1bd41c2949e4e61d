//! What drawing an SVG costs, estimated from its shapes: in pixels written and in pixels held.

use resvg::tiny_skia::{PathSegment, Point};
use resvg::usvg::filter::{Filter, Kind};
use resvg::usvg::{Group, Node, NonZeroRect, Paint, Path, Tree};

use crate::ImageError;

/// Pixels written, each primitive of a filter weighed.
const WORK_MAX: f64 = 400e6;

/// Pixels of layers held at the same time: 256 MiB.
const HELD_MAX: f64 = 64e6;

/// What a shape costs beside its pixels.
const SHAPE: f64 = 500.0;

/// What a segment of a path or a dash costs.
const SEGMENT: f64 = 50.0;

/// The most dashes that tiny-skia makes of a path.
const DASHES_MAX: f64 = 1e6;

/// Refuse to draw `tree` at `size` where it takes too much. `scale` leads from the units of the
/// tree to pixels.
///
/// # Errors
/// [`ImageError::UnsupportedFormat`].
pub(super) fn check(tree: &Tree, size: (u32, u32), scale: (f32, f32)) -> Result<(), ImageError> {
    let canvas = f64::from(size.0) * f64::from(size.1);
    let mut cost = Cost {
        canvas,
        scale: f64::from(scale.0) * f64::from(scale.1),
        work: canvas,
        most_held: canvas,
    };
    cost.group(tree.root(), canvas)?;
    Ok(())
}

struct Cost {
    canvas: f64,
    /// Pixels in a square unit of the tree.
    scale: f64,
    work: f64,
    most_held: f64,
}

impl Cost {
    fn add(&mut self, work: f64, held: f64) -> Result<(), ImageError> {
        self.work += work;
        self.most_held = self.most_held.max(held);
        // Written so that what is not a number is refused.
        if self.work <= WORK_MAX && self.most_held <= HELD_MAX {
            return Ok(());
        }
        let why = format!("an SVG that takes too much work at {} pixels", self.canvas);
        Err(ImageError::UnsupportedFormat(why))
    }

    /// The pixels of a box of the tree, at most `most`.
    fn pixels(&self, box_: NonZeroRect, most: f64) -> f64 {
        let area = f64::from(box_.width()) * f64::from(box_.height()) * self.scale;
        area.min(most)
    }

    fn group(&mut self, group: &Group, held: f64) -> Result<(), ImageError> {
        let mut held = held;
        if group.should_isolate() {
            // resvg holds a layer for a filter of up to five canvases on each axis.
            let times = if group.filters().is_empty() {
                1.0
            } else {
                25.0
            };
            let layer = self.pixels(group.abs_layer_bounding_box(), self.canvas * times) + 1.0;
            held += layer;
            self.add(3.0 * layer + SHAPE, held)?;
            let mut clip = group.clip_path();
            while let Some(path) = clip {
                self.add(2.0 * layer, held + layer)?;
                self.group(path.root(), held + layer)?;
                clip = path.clip_path();
            }
            let mut mask = group.mask();
            while let Some(one) = mask {
                self.add(2.0 * layer, held + layer)?;
                self.group(one.root(), held + layer)?;
                mask = one.mask();
            }
            for filter in group.filters() {
                self.filter(filter, layer, held)?;
            }
        }
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group, held)?,
                Node::Path(path) => self.path(path, held)?,
                Node::Image(_) | Node::Text(_) => {}
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path, held: f64) -> Result<(), ImageError> {
        let box_ = path.abs_stroke_bounding_box().to_non_zero_rect();
        let area = box_.map_or(1.0, |box_| self.pixels(box_, self.canvas));
        let (mut segments, mut length) = (0.0, 0.0);
        let mut last = Point::zero();
        for segment in path.data().segments() {
            segments += 1.0;
            let points: &[Point] = match &segment {
                PathSegment::MoveTo(to) => {
                    last = *to;
                    &[]
                }
                PathSegment::LineTo(a) => &[*a],
                PathSegment::QuadTo(a, b) => &[*a, *b],
                PathSegment::CubicTo(a, b, c) => &[*a, *b, *c],
                PathSegment::Close => &[],
            };
            for point in points {
                length += f64::from((point.x - last.x).abs() + (point.y - last.y).abs());
                last = *point;
            }
        }
        let fill = path.fill().map(|fill| fill.paint());
        if fill.is_some() {
            self.add(SHAPE + area + SEGMENT * segments, held)?;
        }
        if let Some(stroke) = path.stroke() {
            let dashes = stroke.dasharray().map_or(0.0, |dashes| {
                let all: f64 = dashes.iter().copied().map(f64::from).sum();
                (length / all.max(1e-9)).min(DASHES_MAX) * dashes.len() as f64
            });
            self.add(
                SHAPE + area + SEGMENT * (4.0 * segments + 2.0 * dashes),
                held,
            )?;
        }
        for paint in [fill, path.stroke().map(|stroke| stroke.paint())] {
            if let Some(Paint::Pattern(pattern)) = paint {
                let tile = self.pixels(pattern.rect(), self.canvas) + 1.0;
                self.add(tile, held + tile)?;
                self.group(pattern.root(), held + tile)?;
            }
        }
        Ok(())
    }

    /// `filter` on a layer of so many pixels. Each primitive keeps its result.
    fn filter(&mut self, filter: &Filter, layer: f64, held: f64) -> Result<(), ImageError> {
        let side = self.scale.sqrt();
        for (place, primitive) in filter.primitives().iter().enumerate() {
            let weight = match primitive.kind() {
                Kind::ConvolveMatrix(fe) => {
                    4.0 * f64::from(fe.matrix().columns()) * f64::from(fe.matrix().rows())
                }
                Kind::Morphology(fe) => {
                    let radii = [fe.radius_x().get(), fe.radius_y().get()];
                    let [across, down] = radii.map(|radius| 2.0 * f64::from(radius) * side + 1.0);
                    4.0 * across * down
                }
                Kind::Turbulence(fe) => 60.0 * f64::from(fe.num_octaves()),
                Kind::GaussianBlur(_) | Kind::DropShadow(_) => 40.0,
                Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) => 40.0,
                Kind::Merge(fe) => 4.0 * fe.inputs().len() as f64 + 1.0,
                Kind::Image(fe) => {
                    self.group(fe.root(), held + layer)?;
                    4.0
                }
                _ => 8.0,
            };
            self.add(weight * layer, held + layer * (place as f64 + 3.0))?;
        }
        Ok(())
    }
}
