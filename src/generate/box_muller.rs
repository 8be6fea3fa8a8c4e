//! Sixteen uniforms into sixteen normal numbers, with the logarithm, sine and cosine that torch's vector code uses.
//!
//! Those are the single-precision polynomials of the Cephes library as `avx_mathfun.h` writes them. Written out here
//! because the last bit of a normal number depends on them, and diffusers' clip on that bit.

/// Turns `[u1; 8], [u2; 8]` into `[r cos t; 8], [r sin t; 8]` with `r = sqrt(-2 ln(1 - u1))` and `t = 2 pi u2`.
pub(crate) fn fill(block: &mut [f32]) {
    let (first, second) = block.split_at_mut(block.len() / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let radius = (-2.0 * logarithm(1.0 - *a)).sqrt();
        let (sine, cosine) = sine_and_cosine(std::f32::consts::TAU * *b);
        *a = radius * cosine;
        *b = radius * sine;
    }
}

/// Natural logarithm of a positive number.
fn logarithm(x: f32) -> f32 {
    const COEFFICIENTS: [f32; 9] = [
        7.037_683_6e-2,
        -0.115_146_1,
        0.116_769_984,
        -0.124_201_41,
        0.142_493_23,
        -0.166_680_57,
        0.200_007_14,
        -0.249_999_94,
        0.333_333_3,
    ];
    let bits = x.max(f32::MIN_POSITIVE).to_bits();
    let mut exponent = (bits >> 23) as f32 - 127.0 + 1.0;
    // The mantissa, in 0.5 to 1.
    let mantissa = f32::from_bits(bits & 0x807f_ffff | 0x3f00_0000);
    let small = mantissa < std::f32::consts::FRAC_1_SQRT_2;
    let mut x = mantissa - 1.0;
    if small {
        exponent -= 1.0;
        x += mantissa;
    }
    let square = x * x;
    let mut y = COEFFICIENTS[0];
    for coefficient in &COEFFICIENTS[1..] {
        y = y.mul_add(x, *coefficient);
    }
    y *= x;
    y = y.mul_add(square, exponent * -2.121_944_4e-4);
    y = (-square).mul_add(0.5, y);
    exponent.mul_add(0.693_359_4, x + y)
}

/// Sine and cosine of an angle from 0 to 2 pi.
fn sine_and_cosine(x: f32) -> (f32, f32) {
    let mut octant = (x * 1.273_239_5) as i32;
    octant = (octant + 1) & !1;
    let y = octant as f32;
    let sine_negative = octant & 4 != 0;
    let cosine_negative = (octant - 2) & 4 == 0;
    let swap = octant & 2 != 0;
    let mut x = y.mul_add(-0.785_156_25, x);
    x = y.mul_add(-2.418_756_5e-4, x);
    x = y.mul_add(-3.774_895e-8, x);
    let square = x * x;
    let mut even = 2.443_315_7e-5f32;
    even = even.mul_add(square, -1.388_731_6e-3);
    even = even.mul_add(square, 4.166_664_6e-2);
    even *= square;
    even = even.mul_add(square, -0.5 * square) + 1.0;
    let mut odd = -1.951_529_6e-4f32;
    odd = odd.mul_add(square, 8.332_161e-3);
    odd = odd.mul_add(square, -1.666_665_5e-1);
    odd *= square;
    odd = odd.mul_add(x, x);
    let (sine, cosine) = if swap { (even, odd) } else { (odd, even) };
    (if sine_negative { -sine } else { sine }, if cosine_negative { -cosine } else { cosine })
}
