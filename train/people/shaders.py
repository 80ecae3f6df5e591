"""The programs that train.people.portrait runs on the graphics card."""

from typing import Final

VERTEX: Final = """#version 330
invariant gl_Position;
uniform mat4 view;
in vec3 position; in vec3 normal; in vec2 uv; in float exposure;
out vec3 place; out vec3 facing; out vec2 where; out float reached;
void main() {
  place = position; facing = normal; where = uv; reached = exposure;
  gl_Position = view * vec4(position, 1.0);
}"""

_HOLES: Final = """
uniform sampler2D image; uniform float cut; uniform float number;
float chance() {  // interleaved gradient noise (J. Jimenez), another for each pass and layer
  vec2 at = gl_FragCoord.xy + 5.588238 * mod(number, 64.0) + 17.3 * float(gl_PrimitiveID % 7);
  return fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715))) + number * 0.618034);
}
bool hole(float alpha) {
  if (cut < 0.5) return false;
  if (cut < 1.5) return alpha <= max(chance(), 0.02);
  return (alpha < 0.5) == (cut < 2.5);
}
"""

CUTOUT: Final = f"""#version 330
{_HOLES}
in vec2 where;
void main() {{ if (hole(texture(image, where).a)) discard; }}"""

SHADED: Final = f"""#version 330
{_HOLES}
uniform sampler2D shadow; uniform mat4 lamp; uniform vec3 direction; uniform vec3 power;
uniform vec3 eye; uniform float scatter; uniform float wrap; uniform float gloss;
uniform float roughness; uniform float grain; uniform float weave; uniform float clear;
uniform float glint;
in vec3 place; in vec3 facing; in vec2 where; in float reached;
layout(location = 0) out vec4 plain;
layout(location = 1) out vec4 skin_light;
layout(location = 2) out vec4 skin_colour;

float random(vec3 at) {{
  at = fract(at * 0.1031); at += dot(at, at.zyx + 31.32);
  return fract((at.x + at.y) * at.z);
}}
float noise(vec3 at) {{
  vec3 cell = floor(at), t = fract(at); t = t * t * (3.0 - 2.0 * t);
  vec2 o = vec2(0, 1);
  return mix(
    mix(mix(random(cell), random(cell + o.yxx), t.x),
        mix(random(cell + o.xyx), random(cell + o.yyx), t.x), t.y),
    mix(mix(random(cell + o.xxy), random(cell + o.yxy), t.x),
        mix(random(cell + o.xyy), random(cell + o.yyy), t.x), t.y), t.z) - 0.5;
}}
float lit(vec3 n) {{
  vec3 at = (lamp * vec4(place + n * 0.012, 1.0)).xyz * 0.5 + 0.5;
  if (any(lessThan(at, vec3(0))) || any(greaterThan(at, vec3(1)))) return 1.0;
  return step(at.z - 0.0012, texture(shadow, at.xy).r);
}}
float shine(vec3 n, vec3 v, vec3 l, float rough) {{  // GGX with Smith's visibility
  vec3 h = normalize(l + v);
  float nl = max(dot(n, l), 0.0), nv = max(dot(n, v), 0.25), nh = max(dot(n, h), 0.0);
  float a = rough * rough, d = nh * nh * (a * a - 1.0) + 1.0, k = a * 0.5;
  float spread = a * a / (3.14159 * d * d);
  float seen = 1.0 / (4.0 * (nl * (1.0 - k) + k) * (nv * (1.0 - k) + k));
  float fresnel = 1.0 + 6.0 * pow(1.0 - max(dot(v, h), 0.0), 5.0);
  return min(spread * seen * fresnel, 400.0) * nl;
}}
void main() {{
  vec4 texel = texture(image, where);
  if (hole(texel.a)) discard;
  vec3 albedo = pow(texel.rgb, vec3(2.2)), v = normalize(eye - place), n = normalize(facing);
  if (dot(n, v) < 0.0) n = -n;
  float pores = 0.0;
  vec3 rough_n = n;
  if (grain > 0.0) {{
    vec3 fine = place * 110.0, coarse = place * 40.0;
    pores = noise(fine) * 0.6 + noise(coarse) * 0.4;
    vec3 slope = vec3(noise(fine + 7.1), noise(fine + 23.7), noise(fine + 41.3));
    rough_n = normalize(n + 0.22 * grain * slope);
    albedo *= 1.0 + 0.07 * grain * pores;
  }}
  if (weave > 0.0) albedo *= 1.0 + weave * (0.16 * noise(place * vec3(95, 30, 60))
    + 0.12 * noise(place * vec3(40, 110, 60)));
  // Thin things pass some light on: hair that shades itself is not black.
  float light = mix(0.6 * wrap, 1.0, lit(n)) * reached;
  float facing_light = max((dot(mix(n, rough_n, 0.35), direction) + wrap) / (1.0 + wrap), 0.0);
  vec3 falling = power * light * facing_light;
  float highlight = shine(rough_n, v, direction, roughness) * light * gloss * 3.14159;
  vec3 reflected = power * highlight;
  if (clear > 0.5) {{
    plain = vec4(reflected * glint, 0.0); skin_light = skin_colour = vec4(0.0);
  }} else {{
    plain = vec4(falling * albedo * (1.0 - scatter) + reflected, 1.0);
    skin_light = vec4(falling, 1.0) * scatter;
    skin_colour = vec4(albedo, 1.0) * scatter;
  }}
}}"""
