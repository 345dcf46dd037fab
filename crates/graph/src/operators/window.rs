//! Windows that slide over the spatial axes of a tensor.

use crate::call::Call;
use crate::value::Dims;

/// Kernel, strides, dilations and padding of each spatial axis.
pub(super) struct Window {
    pub(super) kernel: Dims,
    strides: Vec<u64>,
    dilations: Vec<u64>,
    pads: Pads,
    ceil: bool,
}

/// Padding before and after each axis.
enum Pads {
    /// As many positions as the input has, by strides.
    Same,
    /// So many in all.
    Known(Vec<u64>),
}

impl Window {
    /// As the attributes of `call` say, over axes that a kernel of these extents has; `None` where they are not well formed.
    pub(super) fn of(call: &Call<'_>, kernel: Dims) -> Option<Self> {
        let axes = kernel.len();
        let per_axis = |name: &str| match call.ints(name) {
            Some(given) if given.len() == axes => {
                given.iter().map(|&number| u64::try_from(number).ok().filter(|&number| number > 0)).collect()
            }
            Some(_) => None,
            None => Some(vec![1; axes]),
        };
        let pads = match call.text("auto_pad") {
            Some("SAME_UPPER" | "SAME_LOWER") => Pads::Same,
            Some("VALID") => Pads::Known(vec![0; axes]),
            _ => match call.ints("pads") {
                None => Pads::Known(vec![0; axes]),
                Some(pads) if pads.len() == 2 * axes => {
                    let both = |axis: usize| u64::try_from(pads[axis].checked_add(pads[axes + axis])?).ok();
                    Pads::Known((0..axes).map(both).collect::<Option<_>>()?)
                }
                Some(_) => return None,
            },
        };
        let (strides, dilations) = (per_axis("strides")?, per_axis("dilations")?);
        Some(Self { kernel, strides, dilations, pads, ceil: call.int("ceil_mode") == Some(1) })
    }

    /// Positions of the window along each axis of these sides.
    pub(super) fn positions(&self, sides: &[Option<u64>]) -> Dims {
        if sides.len() != self.kernel.len() {
            return vec![None; sides.len()];
        }
        let position = |(axis, side): (usize, &Option<u64>)| {
            let (side, stride) = ((*side)?, self.strides[axis]);
            let Pads::Known(pads) = &self.pads else { return Some(side.div_ceil(stride)) };
            let reach = self.reach(axis)?;
            let room = side.checked_add(pads[axis])?.checked_sub(reach)?;
            Some(if self.ceil { self.up(axis, side, room)? } else { room / stride + 1 })
        };
        sides.iter().enumerate().map(position).collect()
    }

    /// Rounded up; but no window begins in the padding behind the input.
    fn up(&self, axis: usize, side: u64, room: u64) -> Option<u64> {
        let Pads::Known(pads) = &self.pads else { return None };
        let positions = room.div_ceil(self.strides[axis]) + 1;
        // Half of the padding, as it is nearly always the same on both sides.
        let last = (positions - 1).checked_mul(self.strides[axis])?;
        let begins_outside = last >= side.checked_add(pads[axis].div_ceil(2))?;
        Some(if begins_outside { positions - 1 } else { positions })
    }

    /// Sides of what a transposed window makes.
    pub(super) fn transposed(&self, sides: &[Option<u64>], output_padding: &[u64]) -> Dims {
        if sides.len() != self.kernel.len() {
            return vec![None; sides.len()];
        }
        let side = |(axis, side): (usize, &Option<u64>)| {
            let (side, stride) = ((*side)?, self.strides[axis]);
            let Pads::Known(pads) = &self.pads else { return side.checked_mul(stride) };
            let last = side.checked_sub(1)?.checked_mul(stride)?;
            let more = output_padding.get(axis).copied().unwrap_or(0);
            last.checked_add(self.reach(axis)?)?.checked_add(more)?.checked_sub(pads[axis])
        };
        sides.iter().enumerate().map(side).collect()
    }

    /// Numbers under the kernel.
    pub(super) fn numbers(&self) -> Option<u64> {
        self.kernel.iter().try_fold(1u64, |product, &side| product.checked_mul(side?))
    }

    /// Positions of the input from the first to the last one under the kernel.
    fn reach(&self, axis: usize) -> Option<u64> {
        self.kernel[axis]?.checked_sub(1)?.checked_mul(self.dilations[axis])?.checked_add(1)
    }
}
