// Ten small applications as people write them for Express. programs_test.go has
// the same ones in Go.
//
//	NODE_PATH=DIRECTORY/node_modules node programs.js NAME
//
// prints the port that it listens on.
const express = require('express');
const session = require('express-session');
const cookieSession = require('cookie-session');
const flash = require('connect-flash');
const csurf = require('csurf');
const passport = require('passport');
const { Strategy } = require('passport-local');

const app = express();
app.use(express.urlencoded({ extended: false }));
const stored = (options) => session({ secret: 'no secret', resave: false, saveUninitialized: false, ...options });
const day = 24 * 60 * 60 * 1000;

const programs = {
  // The counter of the manual.
  views() {
    app.use(stored());
    app.get('/', (req, res) => {
      req.session.views = (req.session.views || 0) + 1;
      res.send(`views ${req.session.views}`);
    });
  },

  // The login of the manual, with a preference from before it.
  regenerate() {
    app.use(stored());
    app.get('/', (req, res) => res.send(`${req.session.user || 'nobody'}, ${req.session.theme || 'light'}`));
    app.post('/theme', (req, res) => { req.session.theme = 'dark'; res.send('ok'); });
    app.post('/login', (req, res, next) => req.session.regenerate((err) => {
      if (err) return next(err);
      req.session.user = req.body.user;
      req.session.save((err) => (err ? next(err) : res.redirect('/')));
    }));
    app.post('/logout', (req, res, next) => req.session.destroy((err) => (err ? next(err) : res.redirect('/'))));
    app.get('/reload', (req, res, next) => {
      req.session.user = 'mallory';
      req.session.reload((err) => (err ? next(err) : res.send(req.session.user)));
    });
  },

  // A guest's cart, and a login by passport that leads to where one was going.
  passport() {
    passport.use(new Strategy((user, password, done) => done(null, password === 'open' && { id: user }, { message: 'wrong' })));
    passport.serializeUser((user, done) => done(null, user.id));
    passport.deserializeUser((id, done) => done(null, { id }));
    app.use(stored(), flash(), passport.initialize(), passport.session());
    const cart = (req) => (req.session.cart || []).length;
    app.post('/cart', (req, res) => { req.session.cart = [...(req.session.cart || []), 'a']; res.send(`cart ${cart(req)}`); });
    app.get('/private', (req, res) => {
      if (req.isAuthenticated()) return res.send(`${req.user.id}, cart ${cart(req)}`);
      req.session.returnTo = req.originalUrl;
      res.redirect('/login');
    });
    app.get('/login', (req, res) => res.send(JSON.stringify(req.flash('error'))));
    app.post('/login', (req, res, next) => {
      const to = req.session.returnTo;
      passport.authenticate('local', { failureRedirect: '/login', failureFlash: true, successRedirect: to || '/' })(req, res, next);
    });
    app.post('/logout', (req, res, next) => req.logout((err) => (err ? next(err) : res.redirect('/'))));
    app.get('/', (req, res) => res.send(`${req.user ? req.user.id : 'nobody'}, cart ${cart(req)}`));
  },

  flash() {
    app.use(stored(), flash());
    app.post('/', (req, res) => { req.flash('info', 'one'); req.flash('info', 'two'); res.redirect('/'); });
    app.get('/', (req, res) => res.send(JSON.stringify(req.flash('info'))));
    app.get('/same', (req, res) => { req.flash('info', 'now'); res.send(JSON.stringify(req.flash('info'))); });
    app.get('/throw', (req) => { req.flash('info', 'thrown'); throw new Error('thrown'); });
    app.use((err, req, res, next) => res.status(500).send('an error page'));
  },

  csrf() {
    app.use(stored(), csurf());
    app.get('/', (req, res) => res.send(req.csrfToken()));
    app.post('/', (req, res) => res.send('ok'));
    app.use((err, req, res, next) => res.status(403).send('forbidden'));
  },

  cart() {
    app.use(stored({ cookie: { maxAge: day } }));
    app.use((req, res, next) => { req.session.items = req.session.items || {}; next(); });
    app.post('/add', (req, res) => {
      const items = req.session.items, item = req.body.item;
      items[item] = items[item] || { count: 0, at: new Date() };
      items[item].count++;
      res.redirect('/');
    });
    app.post('/remove', (req, res) => {
      const items = req.session.items, item = req.body.item;
      if (items[item] && --items[item].count === 0) delete items[item];
      res.redirect('/');
    });
    app.post('/many', (req, res) => {
      for (let i = 0; i < +req.body.n; i++) req.session.items[`${i}-${(i * 2654435761) % 4294967296}`] = { count: i, at: new Date() };
      res.redirect('/');
    });
    app.get('/', (req, res) => res.send(`${Object.keys(req.session.items).length} articles`));
  },

  rolling() {
    app.use(stored({ rolling: true, cookie: { maxAge: 4000 } }));
    app.post('/login', (req, res) => { req.session.user = 'ana'; res.send('ok'); });
    app.get('/', (req, res) => res.send(req.session.user || 'nobody'));
  },

  remember() {
    app.use(stored({ cookie: { maxAge: day } }));
    app.post('/login', (req, res) => {
      req.session.user = 'ana';
      req.session.cookie.maxAge = req.body.remember ? 30 * day : day;
      res.send('ok');
    });
    app.get('/', (req, res) => res.send(`${req.session.user || 'nobody'}, ${Math.round((req.session.cookie.maxAge || 0) / day)} days`));
  },

  // The members of cookie-session.
  cookie() {
    app.use(cookieSession({ name: 'session', keys: ['new', 'old'], maxAge: day }));
    app.get('/state', (req, res) => res.send(`new ${req.session.isNew}, populated ${req.session.isPopulated}`));
    app.get('/views', (req, res) => {
      req.session.views = (req.session.views || 0) + 1;
      res.send(`views ${req.session.views}, new ${req.session.isNew}, populated ${req.session.isPopulated}`);
    });
    app.get('/zero', (req, res) => { req.session.views = 0; res.send('ok'); });
    app.get('/replace', (req, res) => { req.session = { user: 'ana' }; res.send(`new ${req.session.isNew}`); });
    app.get('/user', (req, res) => res.send(`${req.session.user || 'nobody'}, views ${req.session.views || 0}`));
    app.get('/clear', (req, res) => { for (const key of Object.keys(req.session)) delete req.session[key]; res.send('ok'); });
    app.post('/logout', (req, res) => { req.session = null; res.redirect('/state'); });
  },

  // A shop and its administration, with a session each.
  two() {
    const shop = cookieSession({ name: 'shop', keys: ['a'] });
    const admin = cookieSession({ name: 'admin', keys: ['b'], path: '/admin', maxAge: 600000 });
    const count = (name) => (req, res) => { req.session.n = (req.session.n || 0) + 1; res.send(`${name} ${req.session.n}`); };
    const logout = (req, res) => { req.session = null; res.send('ok'); };
    app.get('/admin', admin, count('admin'));
    app.post('/admin/logout', admin, logout);
    app.get('/', shop, count('shop'));
    app.post('/logout', shop, logout);
  },
};

programs[process.argv[2]]();
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume(); // who started it has ended
