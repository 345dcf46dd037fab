//! What the numbers of a tensor are.

/// A kind of number, by ONNX's code (`TensorProto.DataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Element(i32);

/// What a kind of number is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Of any width, with a fraction.
    Float,
    /// Of any width, without.
    Integer,
    /// True or false.
    Bool,
    /// Characters.
    Text,
}

/// Name, bits and class of the kinds, from code 1 on.
const KINDS: [(&str, u32, Class); 26] = [
    ("f32", 32, Class::Float),
    ("u8", 8, Class::Integer),
    ("i8", 8, Class::Integer),
    ("u16", 16, Class::Integer),
    ("i16", 16, Class::Integer),
    ("i32", 32, Class::Integer),
    ("i64", 64, Class::Integer),
    ("string", 0, Class::Text),
    ("bool", 8, Class::Bool),
    ("f16", 16, Class::Float),
    ("f64", 64, Class::Float),
    ("u32", 32, Class::Integer),
    ("u64", 64, Class::Integer),
    ("c64", 64, Class::Float),
    ("c128", 128, Class::Float),
    ("bf16", 16, Class::Float),
    ("f8e4m3fn", 8, Class::Float),
    ("f8e4m3fnuz", 8, Class::Float),
    ("f8e5m2", 8, Class::Float),
    ("f8e5m2fnuz", 8, Class::Float),
    ("u4", 4, Class::Integer),
    ("i4", 4, Class::Integer),
    ("f4e2m1", 4, Class::Float),
    ("f8e8m0", 8, Class::Float),
    ("u2", 2, Class::Integer),
    ("i2", 2, Class::Integer),
];

impl Element {
    pub(crate) const F32: Self = Self(1);
    pub(crate) const I32: Self = Self(6);
    pub(crate) const I64: Self = Self(7);
    pub(crate) const BOOL: Self = Self(9);

    /// The kind with this code, if there is one.
    pub fn of(code: i32) -> Option<Self> {
        usize::try_from(code).is_ok_and(|code| (1..=KINDS.len()).contains(&code)).then_some(Self(code))
    }

    /// As in `f32`.
    pub fn name(self) -> &'static str {
        self.kind().0
    }

    /// Bits of a number; `None` of text, which has no fixed length.
    pub fn bits(self) -> Option<u32> {
        Some(self.kind().1).filter(|&bits| bits > 0)
    }

    /// What it is for.
    pub fn class(self) -> Class {
        self.kind().2
    }

    /// Bytes of so many numbers, those of less than a byte side by side; `None` of text, or of more than fit into 64 bits.
    pub fn bytes(self, count: u64) -> Option<u64> {
        Some(count.checked_mul(u64::from(self.bits()?))?.div_ceil(8))
    }

    /// Whether bytes of 0, of any sign, are a number that is 0; integers have one form of it, and `f8e8m0` none.
    pub(crate) fn is_zero(self, bits: u128) -> bool {
        let width = self.kind().1;
        match self.name() {
            "f8e8m0" => false,
            // Their only NaN has the bits of a negative zero.
            "f8e4m3fnuz" | "f8e5m2fnuz" => bits == 0,
            "c64" | "c128" => {
                let half = width / 2;
                let sign = 1u128 << (half - 1);
                bits & !(sign | sign << half) == 0
            }
            _ if self.class() == Class::Float => bits & !(1 << (width - 1)) == 0,
            _ => bits == 0,
        }
    }

    fn kind(self) -> (&'static str, u32, Class) {
        KINDS[self.0 as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_specification() {
        for (code, name, bits) in
            [(1, "f32", 32), (7, "i64", 64), (10, "f16", 16), (16, "bf16", 16), (22, "i4", 4), (26, "i2", 2)]
        {
            let element = Element::of(code).unwrap();
            assert_eq!((element.name(), element.bits()), (name, Some(bits)));
        }
        assert!([0, -1, 27, i32::MIN].iter().all(|&code| Element::of(code).is_none()));
        assert_eq!(Element::of(8).unwrap().bits(), None);
    }

    #[test]
    fn numbers_of_half_a_byte_share_one() {
        let i4 = Element::of(22).unwrap();
        assert_eq!((i4.bytes(0), i4.bytes(1), i4.bytes(3)), (Some(0), Some(1), Some(2)));
        assert_eq!(Element::of(11).unwrap().bytes(u64::MAX / 2), None);
    }

    #[test]
    fn zero_has_a_sign_where_the_kind_has_one() {
        assert!(Element::F32.is_zero(0x8000_0000) && !Element::F32.is_zero(1));
        assert!(!Element::I32.is_zero(0x8000_0000));
        assert!(!Element::of(18).unwrap().is_zero(0x80), "a NaN");
        assert!(!Element::of(24).unwrap().is_zero(0), "2 to the power of -127");
        assert!(Element::of(14).unwrap().is_zero(0x8000_0000_0000_0000));
    }
}
