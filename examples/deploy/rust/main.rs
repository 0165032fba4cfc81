// Kernels in a Rust program:
//     tritonc ../kernels.toml --emit obj -o kernels && ar rcs libkernels.a kernels.o
//     rustc -O main.rs -L . -L where/libtritonc_rt.a/is -l static=kernels -l static=tritonc_rt
use std::ffi::CStr;
use std::os::raw::{c_char, c_int};

extern "C" {
    fn matmul(a: *const f32, b: *const f32, c: *mut f32, m: i32, n: i32, k: i32) -> c_int;
    fn softmax(out: *mut f32, input: *const f32, rows: i32, columns: i32) -> c_int;
    fn kernels_message() -> *const c_char;
}

fn check(status: c_int) -> Result<(), String> {
    match status {
        0 => Ok(()),
        _ => Err(unsafe { CStr::from_ptr(kernels_message()) }.to_string_lossy().into_owned()),
    }
}

fn main() -> Result<(), String> {
    let (m, n, k) = (100, 200, 50);
    let a: Vec<f32> = (0..m * k).map(|i| (i % 7 - 3) as f32 / 8.0).collect();
    let b: Vec<f32> = (0..k * n).map(|i| (i % 5 - 2) as f32 / 8.0).collect();
    let mut c = vec![0f32; (m * n) as usize];
    let mut p = vec![0f32; (m * n) as usize];
    check(unsafe { matmul(a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), m, n, k) })?;
    check(unsafe { softmax(p.as_mut_ptr(), c.as_ptr(), m, n) })?;
    let wrong = p
        .chunks(n as usize)
        .enumerate()
        .filter(|(i, row)| {
            let sum: f64 = row.iter().map(|&x| x as f64).sum();
            let product: f64 = (0..k as usize)
                .map(|x| a[i * k as usize + x] as f64 * b[(x + 1) * n as usize - 1] as f64)
                .sum();
            (sum - 1.0).abs() > 1e-5 || (product - c[(i + 1) * n as usize - 1] as f64).abs() > 1e-5
        })
        .count();
    println!("{} rows, {} wrong", m, wrong);
    std::process::exit((wrong != 0) as i32);
}
