//! Microseconds that it takes to encode 128 rows, drawn at random out of 100,000 of 784 values, however they are held:
//! `cargo run --release -p lessen-data --example gather_times`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use lessen_data::{DataError, Encoding, Features, Images, random};
use rand::RngExt;

const ROWS: u32 = 100_000;
const PIXELS: usize = 784;
const BATCH: usize = 128;

fn main() -> Result<(), DataError> {
    let mut random = random::stream(1, "random images");
    let bytes = (0..ROWS as usize * PIXELS).map(|_| random.random()).collect();
    let images = Features::Images(Images { channels: 1, height: 28, width: 28, bytes });
    let all: Vec<u32> = (0..ROWS).collect();
    let by_column = Features::Table(images.table(&all));
    let by_row = by_column.by_row();
    let pixels = Encoding::fit(&images, &all[..1000]);
    let columns = Encoding::fit(&by_column, &all[..1000]);

    println!("rows as          encoded as  us: least  median");
    for (held, features) in [("images", &images), ("table by row", &by_row), ("table by column", &by_column)]
    {
        for (name, encoding) in [("pixels", &pixels), ("columns", &columns)] {
            if held == "images" && name == "columns" {
                continue;
            }
            let mut into = vec![0.0; PIXELS * BATCH];
            let mut times = Vec::new();
            for _ in 0..400 {
                let rows: Vec<u32> = (0..BATCH).map(|_| random.random_range(0..ROWS)).collect();
                let began = Instant::now();
                encoding.gather(features, &rows, BATCH, &mut into)?;
                times.push(began.elapsed().as_secs_f64() * 1e6);
            }
            times.sort_by(f64::total_cmp);
            println!("{held:15}  {name:10}  {:9.1}  {:6.1}", times[0], times[times.len() / 2]);
        }
    }
    Ok(())
}
