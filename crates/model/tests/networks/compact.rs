//! The compact file: round trips, sizes, damage.

use lessen_data::{Answer, Encoding};
use lessen_model::compact::{self, CompactError, DenseLayout, Layout, LayoutLayer};
use lessen_model::{Format, Layer, Network, onnx};
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::examples::{by_hand, dense, networks, node, pixels};

fn bits(network: &Network) -> Vec<u32> {
    let numbers = network.dense().flat_map(|dense| dense.weights.values().iter().chain(&dense.bias));
    numbers.map(|value| value.to_bits()).collect()
}

fn bits_of(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// All weights of a layer, read where they lie.
fn in_place(dense: &DenseLayout, file: &[u8]) -> Vec<u32> {
    if !dense.is_sparse() {
        return bits_of(&dense.plain(file, 0..dense.outputs).collect::<Vec<_>>());
    }
    let mut rows = dense.sparse(file);
    let mut found = vec![0.0; dense.outputs * dense.inputs];
    for row in found.chunks_exact_mut(dense.inputs) {
        rows.row(|column, weight| row[column] = weight);
    }
    bits_of(&found)
}

/// Content with the digest that a reader asks for.
fn sealed(content: &[u8]) -> Vec<u8> {
    [content, &Sha256::digest(content)].concat()
}

/// A file of this header and these bytes.
fn file(header: &str, blocks: &[u8]) -> Vec<u8> {
    let length = (header.len() as u32).to_le_bytes();
    sealed(&[b"LESSENSM\x01\0\0\0", &length[..], header.as_bytes(), blocks].concat())
}

proptest! {
    #[test]
    fn any_network_is_read_as_it_was_written(
        network in networks(any::<f32>().prop_filter("finite", |value| value.is_finite())),
    ) {
        let written = compact::write(&network);
        let read = compact::read(&written).unwrap();
        prop_assert_eq!(&read, &network);
        prop_assert_eq!(bits(&read), bits(&network));
        prop_assert_eq!(read.density(), network.density());
        prop_assert_eq!(compact::write(&read), written);
    }

    #[test]
    fn weights_are_found_where_they_lie(
        network in networks(any::<f32>().prop_filter("finite", |value| value.is_finite())),
    ) {
        let written = compact::write(&network);
        let layout = Layout::of(&written).unwrap();
        prop_assert_eq!((&layout.encoding, &layout.answer), (network.encoding(), network.answer()));
        prop_assert_eq!(layout.nodes.len(), network.nodes().len());
        for (node, given) in network.nodes().iter().zip(&layout.nodes) {
            prop_assert_eq!((&node.name, &node.inputs), (&given.name, &given.inputs));
            match (&node.layer, &given.layer) {
                (Layer::Dense(dense), LayoutLayer::Dense(given)) => {
                    prop_assert_eq!(in_place(given, &written), bits_of(dense.weights.values()));
                    let bias: Vec<f32> = given.bias(&written).collect();
                    prop_assert_eq!(bits_of(&bias), bits_of(&dense.bias));
                }
                (layer, LayoutLayer::Other(given)) => prop_assert_eq!(layer, given),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn any_codes_are_good_in_place_if_they_are_good_to_be_read(
        codes in vec(any::<u8>(), 1..12), bits in 1u32..9, count in 1usize..40, left in 0usize..12, outputs in 1usize..4,
        inputs in 1usize..30,
    ) {
        let packed = (count * bits as usize).div_ceil(8);
        let bytes: Vec<u8> = codes.iter().cycle().take(packed).copied().collect();
        let numbers = vec![0; 4 * (left + outputs)];
        let file = file(&gaps(outputs, inputs, bits, count, left), &[bytes, numbers].concat());
        prop_assert_eq!(Layout::of(&file).map(drop).map_err(|error| error.to_string()),
            compact::read(&file).map(drop).map_err(|error| error.to_string()).or_else(|error| {
                // That layers do not fit to the encoding is not the layout's to find.
                if error.contains("fit together") { Ok(()) } else { Err(error) }
            }));
    }

    #[test]
    fn any_bytes_are_an_error_or_a_network(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(compact::read(&bytes).is_err());
        prop_assert!(compact::read(&sealed(&[&b"LESSENSM\x01\0\0\0"[..], &bytes].concat())).is_err());
    }

    /// With a digest that fits: the rest of the reader is on its own.
    #[test]
    fn a_file_with_any_bytes_replaced_is_an_error_or_a_network(
        network in networks(-1.0f32..1.0),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let written = compact::write(&network);
        let mut content = written[..written.len() - 32].to_vec();
        for (place, byte) in changes {
            let place = place.index(content.len());
            content[place] = byte;
        }
        if let Ok(network) = compact::read(&sealed(&content)) {
            prop_assert_eq!(compact::read(&compact::write(&network)).unwrap(), network);
        }
    }
}

#[test]
fn a_file_cut_anywhere_or_with_any_bit_flipped_is_refused() {
    let written = compact::write(&by_hand());
    for length in 0..written.len() {
        assert!(compact::read(&written[..length]).is_err(), "{length} bytes");
        // A shorter file whose digest fits.
        let sealed_content = length + 32 == written.len();
        assert!(
            sealed_content || compact::read(&sealed(&written[..length])).is_err(),
            "{length} bytes, sealed"
        );
    }
    for place in 0..written.len() * 8 {
        let mut flipped = written.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        assert!(compact::read(&flipped).is_err(), "bit {place}");
    }
}

/// One node of `outputs` by 20, all but these of its weights gone.
fn with_left(left: &[usize], masked: bool) -> Network {
    let values: Vec<f32> = (0..40).map(|index| if left.contains(&index) { 1.5 } else { 0.0 }).collect();
    let answer = Answer::Classes(vec!["a".into(), "b".into()]);
    let mut network =
        Network::new(vec![node("d", dense([2, 20], &values, &[0.5, -0.5]), 0)], pixels(20), answer).unwrap();
    if masked {
        network.dense_mut().for_each(|dense| dense.weights.shrink(|index| left.contains(&index)));
    }
    network
}

/// Of 40 weights 3, 4 and 25 are left; by hand with codes of 3 bits: 3; 0; 7, 7, 6; 7, 7, 0: eight
/// codes, three bytes. Codes of 4 bits would take as many; no others fewer.
#[test]
fn a_file_by_hand() {
    for masked in [true, false] {
        let network = with_left(&[3, 4, 25], masked);
        let header = format!(
            "{}{}{masked}{}",
            r#"{"encoding":[{"pixels":{"count":20,"shift":0.0,"scale":1.0}}],"answer":{"classes":["a","b"]},"#,
            r#""nodes":[{"name":"d","inputs":[0],"layer":{"dense":{"outputs":2,"inputs":20,"masked":"#,
            r#","written":{"gaps":{"bits":3,"codes":8,"left":3}}}}}]}"#,
        );
        let mut blocks = vec![0xc3, 0xef, 0x1f];
        [1.5f32, 1.5, 1.5, 0.5, -0.5].into_iter().for_each(|value| blocks.extend(value.to_le_bytes()));
        assert_eq!(compact::write(&network), file(&header, &blocks));
        assert_eq!(compact::read(&file(&header, &blocks)).unwrap(), network);
    }
}

#[test]
fn layers_have_the_names_that_are_documented() {
    let layers = [
        (Layer::Dropout(0.25), r#""dropout":0.25"#),
        (Layer::LeakyRelu(0.1), r#""leaky_relu":0.1"#),
        (Layer::Sigmoid, r#""layer":"sigmoid""#),
        (Layer::Tanh, r#""layer":"tanh""#),
        (Layer::Relu, r#""layer":"relu""#),
        (Layer::Softmax, r#""layer":"softmax""#),
    ];
    for (layer, expected) in layers {
        let nodes = vec![node("only", layer, 0)];
        let answer = Answer::Classes(vec!["a".into(), "b".into()]);
        let network = Network::new(nodes, pixels(2), answer).unwrap();
        let written = compact::write(&network);
        assert!(written.windows(expected.len()).any(|part| part == expected.as_bytes()), "{expected}");
        assert_eq!(compact::read(&written).unwrap(), network);
    }
}

#[test]
fn what_is_left_and_zero_stays_left_and_a_full_mask_stays_one() {
    let mut network = with_left(&[3, 4, 25], true);
    network.dense_mut().for_each(|dense| dense.weights.update(|_, _| 0.0));
    assert_eq!(compact::read(&compact::write(&network)).unwrap(), network);
    let all: Vec<usize> = (0..40).collect();
    // Nothing gone, one gone (plain, with a mark), everything gone.
    for left in [&all[..], &all[1..], &[]] {
        for masked in [true, false] {
            let network = with_left(left, masked);
            assert_eq!(compact::read(&compact::write(&network)).unwrap(), network, "{left:?} {masked}");
        }
    }
}

#[test]
fn either_form_is_told_by_its_content() {
    let network = by_hand();
    for format in [Format::Onnx, Format::Compact] {
        let bytes = format.write(&network);
        assert_eq!(Format::of(&bytes), format);
        assert_eq!(lessen_model::read(&bytes).unwrap(), network);
        assert!(lessen_model::read(&bytes[..20]).is_err(), "{}", format.extension());
    }
    assert!(lessen_model::read(b"LESSENSM\x01\0").unwrap_err().to_string().starts_with("byte 8: "));
    // A protocol buffer's first byte may not end in the three bits of `L`.
    assert!(onnx::read(b"LESSENSM").unwrap_err().to_string().contains("wire type 4"));
}

/// The header of one dense layer of one output.
fn header(dense: &str) -> String {
    let columns =
        r#"{"encoding":[{"pixels":{"count":20,"shift":0.0,"scale":1.0}}],"answer":{"value":"v"},"nodes":"#;
    format!(r#"{columns}[{{"name":"d","inputs":[0],"layer":{{"dense":{{{dense}}}}}}}]}}"#)
}

fn gaps(outputs: usize, inputs: usize, bits: u32, codes: usize, left: usize) -> String {
    let written = format!(r#"{{"gaps":{{"bits":{bits},"codes":{codes},"left":{left}}}}}"#);
    header(&format!(r#""outputs":{outputs},"inputs":{inputs},"masked":true,"written":{written}"#))
}

#[test]
fn what_cannot_be_used_is_named_with_its_byte() {
    let zeros = [0; 64];
    let infinite = [&[0xfe, 0][..], &f32::INFINITY.to_le_bytes(), &[0; 4]].concat();
    let plain = r#""outputs":1,"inputs":20,"masked":false,"written":"plain""#;
    let cases: [(Vec<u8>, &str); 13] = [
        (b"PK\x03\x04 and more".to_vec(), "byte 0: expected `LESSENSM`, found `PK\\x03\\x04 and`"),
        (vec![], "byte 0: expected the mark of a compact file of 8 bytes, found 0 bytes"),
        (b"LESSENSM\x02\0\0\0".to_vec(), "byte 8: expected version 1, found version 2"),
        (b"LESSENSM\x01\0\0\0".to_vec(), "byte 12: expected at least 32 bytes, found 0"),
        (file("", &[]), "byte 16: expected a header, found EOF while parsing a value at line 1 column 0"),
        (
            file(&gaps(1 << 20, 1 << 20, 8, 1, 0), &zeros),
            "expected at most 268435456 weights in `d`, found 1048576 by 1048576",
        ),
        (file(&gaps(1, 20, 9, 1, 0), &zeros), "expected codes of 1 to 8 bits in `d`, found 9"),
        (
            file(&gaps(1, 20, 8, usize::MAX, 0), &zeros),
            "expected weights of `d` of 18446744073709551615 bytes, found 64 bytes",
        ),
        // A promise of 1 GiB that 64 bytes cannot keep.
        (
            file(&gaps(1, 1 << 28, 8, 60, 0), &[255; 64]),
            "expected codes that end with the 0 weights left of `d`, found no code behind weight 15300 of 268435456",
        ),
        (
            file(&gaps(1, 20, 8, 2, 1), &zeros[..10]),
            "expected codes that end with the 1 weights left of `d`, found a code 1 for one more weight",
        ),
        (
            file(&gaps(1, 20, 8, 1, 0), &[21, 0, 0, 0, 0]),
            "expected codes that end with the 0 weights left of `d`, found a code 0 that leads to weight 21 of 20",
        ),
        (file(&gaps(1, 1, 1, 2, 1), &infinite[1..]), "expected finite numbers in `d`, found inf"),
        (file(&header(plain), &[0; 88]), "expected the digest, found 4 more bytes"),
    ];
    for (file, expected) in cases {
        let error = compact::read(&file).unwrap_err().to_string();
        assert!(error.starts_with("byte ") && error.ends_with(expected), "{error}\n{expected}");
    }
    let written = compact::write(&by_hand());
    let cut = compact::read(&written[..written.len() - 1]).unwrap_err();
    assert!(matches!(&cut, CompactError::Digest { byte, .. } if *byte == written.len() - 33), "{cut}");
    assert!(cut.hint().unwrap().contains("damaged"));
}

/// SplitMix64 (Steele et al. 2014), for a mask as uneven as a random one is.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// LeNet-300-100 with exactly this share of each layer's weights left, drawn at random.
fn lenet(density: f64) -> Network {
    let mut state = 1;
    let mut layer = |[outputs, inputs]: [usize; 2]| {
        let Layer::Dense(mut layer) =
            dense([outputs, inputs], &vec![0.25; outputs * inputs], &vec![0.0; outputs])
        else {
            panic!("a dense layer was made")
        };
        let mut order: Vec<(u64, usize)> =
            (0..outputs * inputs).map(|index| (random(&mut state), index)).collect();
        order.sort_unstable();
        let mut left = vec![false; outputs * inputs];
        let count = (density * (outputs * inputs) as f64).round() as usize;
        order[..count].iter().for_each(|&(_, index)| left[index] = true);
        layer.weights.shrink(|index| left[index]);
        Layer::Dense(layer)
    };
    let layers =
        [layer([300, 784]), Layer::Relu, layer([100, 300]), Layer::Relu, layer([10, 100]), Layer::Softmax];
    let nodes = layers.into_iter().enumerate().map(|(place, layer)| node(&format!("n{place}"), layer, place));
    let classes = Answer::Classes((0..10).map(|class| class.to_string()).collect());
    let encoding: Encoding = pixels(784);
    Network::new(nodes.collect(), encoding, classes).unwrap()
}

/// The numbers that the documentation of the format gives.
#[test]
fn lenet_at_eight_percent_is_as_small_as_is_said() {
    let network = lenet(0.08);
    let left: usize = network.dense().map(|dense| dense.weights.left()).sum();
    let written = compact::write(&network);
    assert_eq!(compact::read(&written).unwrap(), network);
    assert_eq!((left, written.len()), (21_296, 101_959));
    assert_eq!(compact::write(&lenet(1.0)).len(), 1_067_070);
}
