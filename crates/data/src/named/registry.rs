//! The table of named sets.

use super::readers::{self, Reader};
use crate::digits;

/// A data set that has a name: what it is, and the files that it is read from.
#[derive(Debug)]
pub struct NamedSet {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it holds, in a line.
    pub description: &'static str,
    /// The terms under which its publisher gives it.
    pub licence: &'static str,
    /// How to cite it.
    pub citation: &'static str,
    /// Rows, those of the test part included.
    pub rows: usize,
    /// How many of the rows are a test part given by the publisher; 0 where there is none.
    pub given_test: usize,
    /// Columns or pixels of a row.
    pub features: usize,
    /// Classes.
    pub classes: usize,
    /// Its files, in the order in which they are read.
    pub files: &'static [NamedFile],
    pub(super) reader: Reader,
}

impl NamedSet {
    /// Whether it travels with lessen, so that it needs no folder.
    pub fn is_built_in(&self) -> bool {
        self.files.iter().all(|file| file.built_in.is_some())
    }
}

/// A file of a named set.
#[derive(Debug)]
pub struct NamedFile {
    /// Its path inside a data folder.
    pub path: &'static str,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: &'static str,
    pub(super) built_in: Option<&'static [u8]>,
}

/// All named sets.
pub fn sets() -> &'static [NamedSet] {
    &SETS
}

const fn file(path: &'static str, sha256: &'static str) -> NamedFile {
    NamedFile { path, sha256, built_in: None }
}

const fn built_in(path: &'static str, sha256: &'static str, bytes: &'static [u8]) -> NamedFile {
    NamedFile { path, sha256, built_in: Some(bytes) }
}

static SETS: [NamedSet; 6] = [
    NamedSet {
        name: "digits",
        description: "handwritten digits, grey images of 8 x 8 pixels of values 0 to 16; comes with lessen",
        licence: "CC BY 4.0",
        citation: "E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits (its test part), \
                   UCI Machine Learning Repository, doi:10.24432/C50P49",
        rows: 1_797,
        given_test: 0,
        features: 64,
        classes: 10,
        files: &[
            built_in(
                "digits/images-idx3-ubyte.gz",
                "16bf71e8bfa958f11ad68a045567f2a2f5362b27ab1e7cadd4cf9a3cbb37176e",
                digits::IMAGES,
            ),
            built_in(
                "digits/labels-idx1-ubyte.gz",
                "22e1486adc7849d49bbac7f3e6227134ade1aea8cf5289c8dceeecd5a005d43c",
                digits::LABELS,
            ),
        ],
        reader: readers::digit_images,
    },
    NamedSet {
        name: "mnist",
        description: "handwritten digits, grey images of 28 x 28 pixels",
        licence: "none stated by the publisher; often quoted as CC BY-SA 3.0",
        citation: "Y. LeCun, C. Cortes, C. Burges (1998), The MNIST Database of Handwritten Digits",
        rows: 70_000,
        given_test: 10_000,
        features: 784,
        classes: 10,
        files: &[
            file(
                "mnist/train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            file(
                "mnist/train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            file(
                "mnist/t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            file(
                "mnist/t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ],
        reader: readers::digit_images,
    },
    NamedSet {
        name: "fashion-mnist",
        description: "articles of clothing, grey images of 28 x 28 pixels",
        licence: "MIT, (c) 2017 Zalando SE",
        citation: "H. Xiao, K. Rasul, R. Vollgraf (2017), Fashion-MNIST: a Novel Image Dataset for Benchmarking \
                   Machine Learning Algorithms, arXiv:1708.07747",
        rows: 70_000,
        given_test: 10_000,
        features: 784,
        classes: 10,
        files: &[
            file(
                "fashion-mnist/train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            file(
                "fashion-mnist/train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            file(
                "fashion-mnist/t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            file(
                "fashion-mnist/t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ],
        reader: readers::clothing_images,
    },
    NamedSet {
        name: "letter",
        description: "printed capital letters, 16 numbers measured of each image",
        licence: "CC BY 4.0",
        citation: "D. J. Slate (1991), Letter Recognition, UCI Machine Learning Repository, doi:10.24432/C5ZP40",
        rows: 20_000,
        given_test: 0,
        features: 16,
        classes: 26,
        files: &[file(
            "uci-letter/letter-recognition.data.gz",
            "727e9a5fa1cd942b5df985f3ebf1fca0c3be4137c057613c475d004b51e7165e",
        )],
        reader: readers::letter,
    },
    NamedSet {
        name: "adult",
        description: "people of the US census of 1994 and whether they earn more than 50,000 dollars a year",
        licence: "CC BY 4.0",
        citation: "B. Becker, R. Kohavi (1996), Adult, UCI Machine Learning Repository, doi:10.24432/C5XW20",
        rows: 48_842,
        given_test: 16_281,
        features: 14,
        classes: 2,
        files: &[
            file(
                "uci-adult/adult.data.gz",
                "c7a2b4716a97f930123e0baf879188d701e798172631a654fc703d4b082907f3",
            ),
            file(
                "uci-adult/adult.test.gz",
                "8a2c1bffa6e7ce5abfa43881ae5e87c4311ebc2b3cd526c9c40a43f19f06f799",
            ),
        ],
        reader: readers::adult,
    },
    NamedSet {
        name: "covtype",
        description: "types of forest cover by cartographic variables: 20,000 of the 581,012 rows, at random",
        licence: "CC BY 4.0; (c) Jock A. Blackard and Colorado State University, notice to be kept",
        citation: "J. Blackard (1998), Covertype, UCI Machine Learning Repository, doi:10.24432/C50K5N",
        rows: 20_000,
        given_test: 0,
        features: 54,
        classes: 7,
        files: &[file(
            "uci-covtype/covtype.random20000.data.gz",
            "4671a212308856c864d821742499d35ee88b4fd667a009821abd1a416ca312bd",
        )],
        reader: readers::covtype,
    },
];
