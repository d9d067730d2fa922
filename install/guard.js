// Lets in who brings the password, or a link or cookie that is signed and has not run out.
import crypto from 'crypto';

const login = '${DashboardLogin}', key = '${DashboardKey}';
const ranges = '${AllowedCidrs}'.split(',').map(r => r.trim()).filter(r => r);

const number = ip => ip.split('.').reduce((n, part) => n * 256 + Number(part), 0);
const within = (ip, range) => {
  const [start, bits] = range.split('/');
  const size = Math.pow(2, 32 - Number(bits || 32));
  return Math.floor(number(ip) / size) === Math.floor(number(start) / size);
};
const sign = until => crypto.createHmac('sha256', key).update(until).digest('hex');
const valid = token => {
  const [until, signature] = (token || '').split('-');
  return key !== '' && /^[0-9]+$/.test(until) && Number(until) * 1000 > Date.now() && signature === sign(until);
};

function handler(event) {
  const request = event.request, ip = event.viewer.ip;
  if (ranges.length && (ip.includes(':') || !ranges.some(range => within(ip, range)))) {
    return { statusCode: 403, statusDescription: 'Forbidden' };
  }
  const given = request.headers.authorization;
  if (login !== '' && given && crypto.createHash('sha256').update(given.value).digest('hex') === login) {
    return request;
  }
  if (request.cookies.setmend && valid(request.cookies.setmend.value)) {
    return request;
  }
  if (request.querystring.key && valid(request.querystring.key.value)) {
    const token = request.querystring.key.value;
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: request.uri } },
      cookies: { setmend: { value: token, attributes: 'Secure; HttpOnly; SameSite=None; Partitioned; Path=/' } } };
  }
  return { statusCode: 401, statusDescription: 'Unauthorized', headers: { 'www-authenticate': { value: 'Basic realm="setmend"' } } };
}
