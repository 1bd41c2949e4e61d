//! The eight ways in which a picture can lie: quarter turns and mirrorings, and what follows when
//! one is done after another.

use image::metadata::Orientation;

use crate::fit::Size;

/// A quarter turn, a mirroring or both: the matrix that takes a point from where it is stored to
/// where it is seen, about the middle, with y downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn([i8; 4]);

/// As EXIF counts them.
const ALL: [(Orientation, Turn); 8] = [
    (Orientation::NoTransforms, Turn([1, 0, 0, 1])),
    (Orientation::FlipHorizontal, Turn([-1, 0, 0, 1])),
    (Orientation::Rotate180, Turn([-1, 0, 0, -1])),
    (Orientation::FlipVertical, Turn([1, 0, 0, -1])),
    (Orientation::Rotate90FlipH, Turn([0, 1, 1, 0])),
    (Orientation::Rotate90, Turn([0, -1, 1, 0])),
    (Orientation::Rotate270FlipH, Turn([0, -1, -1, 0])),
    (Orientation::Rotate270, Turn([0, 1, -1, 0])),
];

impl Turn {
    /// Stays as it is.
    pub(crate) const NONE: Self = Self([1, 0, 0, 1]);
    /// Upside down.
    pub(crate) const FLIP: Self = Self([1, 0, 0, -1]);
    /// Left to right.
    pub(crate) const FLOP: Self = Self([-1, 0, 0, 1]);

    /// What an EXIF orientation asks for.
    pub(crate) fn of(orientation: Orientation) -> Self {
        ALL.iter()
            .find(|(known, _)| *known == orientation)
            .map_or(Self::NONE, |(_, turn)| *turn)
    }

    /// The orientation that asks for this.
    pub(crate) fn orientation(self) -> Orientation {
        ALL.iter()
            .find(|(_, turn)| *turn == self)
            .map_or(Orientation::NoTransforms, |(known, _)| *known)
    }

    /// `times` quarter turns clockwise.
    pub(crate) fn quarters(times: u16) -> Self {
        Self::of(match times % 4 {
            0 => Orientation::NoTransforms,
            1 => Orientation::Rotate90,
            2 => Orientation::Rotate180,
            _ => Orientation::Rotate270,
        })
    }

    /// This, then `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (next.0, self.0);
        Self([a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h])
    }

    /// The size of what has `size` before the turn; also the other way round.
    pub(crate) fn size(self, (width, height): Size) -> Size {
        if matches!(self.0, [0, ..]) {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where a part of what is seen lies in what is stored.
    pub(crate) fn stored(self, part: Part) -> Part {
        // The inverse is the transpose.
        let [a, c, b, d] = self.0.map(f64::from);
        let point = |(x, y): (f64, f64)| {
            let (x, y) = (x - 0.5, y - 0.5);
            (a * x + b * y + 0.5, c * x + d * y + 0.5)
        };
        let (one, other) = (
            point((part.left, part.top)),
            point((part.right, part.bottom)),
        );
        Part {
            left: one.0.min(other.0),
            top: one.1.min(other.1),
            right: one.0.max(other.0),
            bottom: one.1.max(other.1),
        }
    }
}

/// A part of a picture, as fractions of its width and height from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Part {
    /// All of it.
    pub(crate) const WHOLE: Self = Self {
        left: 0.0,
        top: 0.0,
        right: 1.0,
        bottom: 1.0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_compose() {
        let quarter = Turn::quarters(1);
        assert_eq!(quarter.then(quarter), Turn::quarters(2));
        assert_eq!(quarter.then(Turn::quarters(3)), Turn::NONE);
        assert_eq!(Turn::FLIP.then(Turn::FLOP), Turn::quarters(2));
        let turned = quarter.then(Turn::FLOP).orientation();
        assert_eq!(turned, Orientation::Rotate90FlipH);
        assert_eq!(
            Turn::FLOP.then(quarter).orientation(),
            Orientation::Rotate270FlipH
        );
        for (orientation, turn) in ALL {
            assert_eq!(turn.orientation(), orientation);
        }
    }

    #[test]
    fn the_upper_left_of_what_is_seen_lies_where_it_is_stored() {
        let part = Part {
            left: 0.0,
            top: 0.0,
            right: 0.25,
            bottom: 0.5,
        };
        // Turned clockwise, what is stored lower left is seen upper left.
        let stored = Turn::quarters(1).stored(part);
        assert_eq!((stored.left, stored.top), (0.0, 0.75));
        assert_eq!((stored.right, stored.bottom), (0.5, 1.0));
        assert_eq!(Turn::quarters(1).size((3, 5)), (5, 3));
    }
}
