"""The programs that train.people.booth runs: shadows, pictures, labels.

What has holes decides by `cut`: 0 no holes, 1 only where alpha is high, 2 only where it is low,
3 all of it, to be blended.
"""

from typing import Final

VERTEX: Final = """#version 330
invariant gl_Position;
uniform mat4 view;
in vec3 position; in vec3 normal; in vec2 uv; in vec2 extra;
out vec3 place; out vec3 facing; out vec2 where; out vec2 more;
void main() {
  place = position; facing = normal; where = uv; more = extra;
  gl_Position = view * vec4(position, 1.0);
}"""

_HOLES: Final = """
uniform sampler2D image; uniform int cut;
bool hole(float alpha) {
  if (cut == 1) return alpha < 0.5;
  if (cut == 2) return alpha >= 0.5 || alpha < 0.02;
  return cut == 3 && alpha < 0.02;
}
"""

SHADOW: Final = f"""#version 330
{_HOLES}
in vec2 where;
void main() {{ if (hole(texture(image, where).a)) discard; }}"""

LABELS: Final = f"""#version 330
{_HOLES}
uniform int first; uniform int region; uniform int numbered; uniform int mouth;
in vec2 where; in vec2 more;
out vec2 label;
void main() {{
  if (hole(texture(image, where).a)) discard;
  bool within = more.y > 0.5;
  label.x = numbered == 1 && !within ? float(first + gl_PrimitiveID) : -1.0;
  label.y = float(within ? mouth : region);
}}"""

PICTURE: Final = f"""#version 330
{_HOLES}
uniform sampler2D shadow; uniform mat4 lamp; uniform vec3 eye;
uniform vec3 directions[3]; uniform vec3 powers[3]; uniform vec3 below; uniform vec3 above;
uniform float scatter; uniform float wrap; uniform float gloss; uniform float roughness;
uniform float strands; uniform float shine_only;
in vec3 place; in vec3 facing; in vec2 where; in vec2 more;
out vec4 colour;

float lit(vec3 n) {{  // nine taps on the shadow map
  vec3 at = (lamp * vec4(place + n * 0.03, 1.0)).xyz * 0.5 + 0.5;
  if (any(lessThan(at, vec3(0))) || any(greaterThan(at, vec3(1)))) return 1.0;
  float sum = 0.0;
  for (int x = -1; x <= 1; x++) for (int y = -1; y <= 1; y++)
    sum += step(at.z - 0.0025, texture(shadow, at.xy + vec2(x, y) * 0.0028).r);
  return sum / 9.0;
}}
float ggx(vec3 n, vec3 v, vec3 l, float rough) {{  // GGX with Smith's visibility
  vec3 h = normalize(l + v);
  float nl = max(dot(n, l), 0.0), nv = max(dot(n, v), 0.2), nh = max(dot(n, h), 0.0);
  float a = rough * rough, d = nh * nh * (a * a - 1.0) + 1.0, k = a * 0.5;
  float seen = 1.0 / (4.0 * (nl * (1.0 - k) + k) * (nv * (1.0 - k) + k));
  float fresnel = 1.0 + 8.0 * pow(1.0 - max(dot(v, h), 0.0), 5.0);
  return min(a * a / (d * d) * seen * fresnel, 60.0) * nl;
}}
float strand(vec3 t, vec3 v, vec3 l) {{  // J. Kajiya, T. Kay: fur (1989)
  float th = dot(t, normalize(l + v));
  return pow(max(1.0 - th * th, 0.0), 30.0);
}}
void main() {{
  vec4 texel = texture(image, where);
  if (hole(texel.a)) discard;
  vec3 albedo = pow(texel.rgb, vec3(2.2)), v = normalize(eye - place), n = normalize(facing);
  if (dot(n, v) < 0.0 && scatter < 0.5) n = -n;
  // Light and dark in the texture are taken for relief: highlights break up.
  vec3 across = dFdx(place), down = dFdy(place);
  float height = dot(texel.rgb, vec3(0.33)), hx = dFdx(height), hy = dFdy(height);
  vec3 r1 = cross(down, n), r2 = cross(n, across);
  float det = dot(across, r1);
  vec3 bumped = normalize(abs(det) * n - sign(det) * scatter * 0.03 * (hx * r1 + hy * r2));
  vec2 ux = dFdx(where), uy = dFdy(where);
  vec3 t = normalize(across * uy.x - down * ux.x + vec3(1e-9));
  float key = mix(0.35 * wrap, 1.0, lit(n));
  // Dark skin takes in what would spread below it: less red at the edges of shadows.
  float spread = scatter * smoothstep(0.0, 0.35, albedo.g);
  vec3 bleed = mix(vec3(wrap), mix(vec3(0.22, 0.2, 0.18), vec3(0.42, 0.2, 0.14), spread), scatter);
  vec3 sum = albedo * mix(below, above, n.y * 0.5 + 0.5);
  vec3 shine = vec3(0.0);
  for (int i = 0; i < 3; i++) {{
    float open = i == 0 ? key : 1.0;
    // Where a shadow ends on skin, light that went through it is red.
    vec3 shadowed = mix(vec3(open), pow(vec3(open), vec3(0.6, 1.0, 1.1)), spread);
    vec3 fall = max((vec3(dot(bumped, directions[i])) + bleed) / (1.0 + bleed), 0.0);
    sum += albedo * powers[i] * fall * shadowed;
    float mirrored = strands > 0.5 ? strand(t, v, directions[i]) * 0.6 * max(0.0, fall.y) * 3.0
                                   : ggx(bumped, v, directions[i], roughness);
    shine += powers[i] * mirrored * open;
  }}
  // Light of the room at grazing angles.
  shine += above * 0.5 * pow(1.0 - max(dot(n, v), 0.0), 4.0);
  vec3 light = (sum * (1.0 - shine_only) + gloss * shine) * more.x;
  vec3 soft = min(light, 0.6) + 0.4 * (1.0 - exp(-max(light - 0.6, 0.0) / 0.4));
  // Multiplied by what it covers; light that is only mirrored covers nothing.
  float covers = cut > 1 ? texel.a : 1.0;
  vec3 encoded = pow(soft, vec3(1.0 / 2.2));
  colour = shine_only > 0.5 ? vec4(encoded, 0.0) : vec4(encoded * covers, covers);
}}"""
